"""Dagit as `make dev` starts it, a browser, and what a person does in it to materialize weeks and to read checks."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
from playwright.sync_api import Locator, Page, expect, sync_playwright

from nba_assets.settings import REPOSITORY
from nba_assets_tests.support.command_line import Project
from nba_assets_tests.support.emulators import free_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
STARTED_WITHIN = 180.0  # seconds; 15 on an idle machine
ON_A_PAGE = 60_000.0  # milliseconds until a page shows what it should; under a second on an idle machine
ENDED_WITHIN = 240_000.0  # milliseconds until a run or backfill of some weeks has ended; 40 seconds on an idle machine
LOADED = (
    "{workspaceOrError{... on Workspace{locationEntries{locationOrLoadError{__typename ... on PythonError{message}}}}}}"
)


@dataclass
class Dev:
    """Dagit's address, and the process of `dagster dev`: the leader of a session with all that it starts."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def running_dagit(project: Project) -> Iterator[str]:
    """The address of a Dagit with its daemon, as `make dev` starts them, on the project's data."""
    with dagster_dev(project) as dev:
        yield dev.url


@contextmanager
def dagster_dev(project: Project) -> Iterator[Dev]:
    """What `make dev` starts, on the project's data and a free port."""
    port = str(free_port())
    dagster = str(Path(sys.executable).with_name("dagster"))
    command = [dagster, "dev", "--workspace", "workspace.yaml", "--host", "127.0.0.1", "--port", port]
    with (project.data / "dagit.log").open("w") as log:
        running = subprocess.Popen(
            command, cwd=REPOSITORY, env=project.environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_loaded(url, running, Path(log.name))
            yield Dev(url, running)
        finally:
            _stop(running)


def _wait_until_loaded(url: str, running: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < deadline and running.poll() is None:
        try:
            answer = httpx.post(f"{url}/graphql", json={"query": LOADED}, timeout=ON_A_PAGE / 1000).json()
        except httpx.TransportError:
            time.sleep(0.5)
            continue
        (location,) = answer["data"]["workspaceOrError"]["locationEntries"]
        assert location["locationOrLoadError"]["__typename"] == "RepositoryLocation", location
        return
    raise AssertionError(f"Dagit did not start within {STARTED_WITHIN} s:\n{log.read_text()[-3000:]}")


def _stop(running: subprocess.Popen[bytes]) -> None:
    if running.poll() is not None:
        return  # it was killed, which is what is tested; who did it ends what it left behind
    os.killpg(running.pid, signal.SIGINT)
    try:
        running.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


@contextmanager
def open_browser(width: int = 1440, height: int = 900) -> Iterator[Page]:
    """An empty page of Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(ON_A_PAGE)
        expect.set_options(timeout=ON_A_PAGE)
        yield page
        browser.close()


def open_lineage(page: Page, url: str, *groups: str, selection: str = "") -> None:
    """The asset graph, or a selection of it ('+key:"a/b"' is a/b with all it needs), with these groups opened."""
    path = f"asset-groups~{quote(selection, safe='')}/" if selection else "asset-groups"
    opened = quote(",".join(f"global@global:{group}" for group in groups))
    page.goto(f"{url}/{path}?expanded={opened}")


def launch(page: Page, url: str, selection: str, weeks: str) -> None:
    """In the asset graph: type the selection of assets, then the weeks ("2021-12-17" or "[first...last]"), launch.

    Ends on the page of the run, or of the backfill if there are several weeks.
    """
    open_lineage(page, url)
    page.locator(".CodeMirror").click()
    page.keyboard.type(selection)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/asset-groups~"))
    page.get_by_role("button", name="Materialize all").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Show all partitions").click()
    typed = dialog.get_by_placeholder("ex: ")
    typed.fill(weeks)
    typed.press("Enter")
    dialog.get_by_role("button", name="Launch").click()
    told = page.get_by_role("region", name="Notifications").get_by_role("link", name="View")
    page.goto(f"{url}{told.get_attribute('href')}")


def open_runs(page: Page) -> None:
    """By the menu on the left."""
    page.locator("a[href='/runs']").first.click()


def expect_run_succeeds(page: Page) -> None:
    """On a run's page: the run ends, and well."""
    ended = visible(page, "Success").or_(visible(page, "Failure")).first
    expect(ended).to_be_visible(timeout=ENDED_WITHIN)
    expect(ended).to_have_text("Success")


def expect_backfill_succeeds(page: Page, within: float = ENDED_WITHIN) -> None:
    """On a backfill's page: the backfill ends within these milliseconds, and well."""
    status = visible(page, "Status").locator("..")
    expect(status).to_contain_text(re.compile("Succeeded|Failed|Canceled"), timeout=within)
    expect(status).to_contain_text("Succeeded")


def open_check(page: Page, url: str, asset: str, check: str) -> None:
    """The check's page, on its weeks."""
    page.goto(f"{url}/assets/{asset}?view=checks&checkDetail={check}")
    page.get_by_role("tab", name="Execution history").wait_for()
    page.get_by_role("tab", name="Partitions").last.click()


def open_week(page: Page, week: str) -> None:
    """In the list of weeks of an asset or check."""
    page.get_by_placeholder("Filter by").last.fill(week)
    visible(page, week).first.click()


def visible(page: Page, text: str) -> Locator:
    """Exactly this text; Dagit keeps invisible copies of some texts to measure their width."""
    return page.get_by_text(text, exact=True).filter(visible=True)
