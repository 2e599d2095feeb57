"""One Dagit on the sample league, and one browser, for all tests of this folder that a process runs."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from nba_assets_tests.support.command_line import Project, project_at
from nba_assets_tests.support.dagit import CHROMIUM, open_browser, running_dagit


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project that Dagit shows."""
    return project_at(tmp_path_factory.mktemp("shown") / "var")


@pytest.fixture(scope="session")
def dagit(shown: Project) -> Iterator[str]:
    """Dagit's address."""
    with running_dagit(shown) as url:
        yield url


@pytest.fixture
def page() -> Iterator[Page]:
    if not CHROMIUM:
        pytest.skip("needs Chromium: apt-get install chromium")
    with open_browser() as page:
        yield page
