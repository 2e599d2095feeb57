"""The layout of the package: each folder has a docstring and imports only folders of lower layers."""

import ast
import re
from pathlib import Path

import pytest

import nba_assets
from nba_assets.settings import REPOSITORY

PACKAGE = Path(nba_assets.__file__).parent
TESTS = Path(__file__).parent
# From the lowest layer up; a folder or module may import only lower layers.
LAYERS = (
    ("errors",),
    ("settings",),
    ("partitions", "league"),
    ("tables",),
    ("sources", "warehouse", "features"),
    ("transforms", "model"),
    ("checks",),
    ("weekly",),
    ("reports",),
    ("assets",),
    ("alerting",),
    ("automation", "dagster_instance"),
    ("definitions",),
    ("__main__",),
)
LAYER = {place: number for number, places in enumerate(LAYERS) for place in places}
MODULES = sorted(PACKAGE.rglob("*.py"))


def place(path: Path) -> str:
    """The folder or top-level module of a file: "weekly", "settings"."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path: Path) -> set[str]:
    """The folders and top-level modules that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
            if node.module == "nba_assets":
                modules = [f"nba_assets.{alias.name}" for alias in node.names]
        found |= {module.split(".")[1] for module in modules if module.startswith("nba_assets.")}
    return found


def test_every_folder_and_module_has_its_layer() -> None:
    assert {place(path) for path in MODULES} - {"__init__"} == set(LAYER)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.relative_to(PACKAGE)}")
def test_imports_go_down_only(path: Path) -> None:
    own = place(path)
    if own == "__init__":
        assert imports(path) == set()
        return
    up = {other for other in imports(path) if other != own and LAYER[other] >= LAYER[own]}
    assert not up, f"{path.relative_to(PACKAGE)} imports {', '.join(sorted(up))}, which are not in a lower layer"


@pytest.mark.parametrize("folder", sorted(path for path in PACKAGE.rglob("*") if (path / "__init__.py").exists()))
def test_every_folder_says_what_belongs_in_it(folder: Path) -> None:
    assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))


def private_names(path: Path) -> set[str]:
    """What a file imports from modules of Dagster that begin with an underscore."""
    imported = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    return {alias.name for node in imported if (node.module or "").startswith("dagster._") for alias in node.names}


def test_the_docs_list_every_private_name_of_dagster_and_its_test() -> None:
    _, _, text = (REPOSITORY / "docs" / "design.md").read_text().partition("## Use of Dagster's private names\n")
    rows = re.findall(r"^\| `(\S+\.py)` \| (.+?) \| (.+?) \|$", text.partition("\n## ")[0], re.MULTILINE)
    listed = {file: set(re.findall(r"`(\w+)`", names.partition("; inherited")[0])) for file, names, _ in rows}
    found = {f"{path.relative_to(PACKAGE)}": names for path in MODULES if (names := private_names(path))}
    assert listed == found
    tests = {
        name for path in TESTS.rglob("test_*.py") for name in re.findall(r"^def (test_\w+)", path.read_text(), re.M)
    }
    assert {name for *_, noticed in rows for name in re.findall(r"`(\w+)`", noticed)} <= tests
