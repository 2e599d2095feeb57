"""The README's pictures of Dagit, made by driving it: `make screenshots` writes them into docs/images/."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from nba_assets.settings import REPOSITORY
from nba_assets_tests.support.command_line import project_at
from nba_assets_tests.support.dagit import (
    CHROMIUM,
    expect_backfill_succeeds,
    launch,
    open_browser,
    open_check,
    open_lineage,
    open_week,
    running_dagit,
    visible,
)
from nba_assets_tests.support.forgotten_minutes import run_raw_weeks

IMAGES = REPOSITORY / "docs" / "images"
COLOURS = 128  # of a picture's palette: Dagit's pages keep their look and stay under 150 KB
SETTLED = 3_000.0  # milliseconds for Dagit's animations to end
REPORT_AND_ALL_IT_NEEDS = '+key:"nba_validation/backfill_report"'
THREE_SEASONS = "[2021-10-01...2024-04-26]"
THREE_SEASONS_WITHIN = 900_000.0  # milliseconds; three minutes on an idle machine
BEFORE, FORGOTTEN, AFTER = "2022-01-07", "2022-01-14", "2022-01-21"


def main() -> None:
    """Backfill three seasons of the sample league in Dagit, let one week go wrong, and take the pictures."""
    if not CHROMIUM:
        sys.exit("Chromium is missing: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        project = project_at(Path(folder) / "var")
        with running_dagit(project) as url:
            with picture("backfill", height=670) as page:
                launch(page, url, REPORT_AND_ALL_IT_NEEDS, THREE_SEASONS)
                expect_backfill_succeeds(page, THREE_SEASONS_WITHIN)
            photograph_good_weeks(url)
            run_raw_weeks(project, BEFORE, AFTER, FORGOTTEN)
            photograph_failed_week(url)


def photograph_good_weeks(url: str) -> None:
    with picture("asset-graph", width=2300, height=1290) as page:
        open_lineage(page, url, "1_raw", "2_analytics", "6_validation", selection=REPORT_AND_ALL_IT_NEEDS)
        page.get_by_role("button", name="Hide navigation").click()
        page.reload()  # the graph is fitted to the room it now has
        expect(visible(page, "backfill_report").last).to_be_visible()
        expect(page.get_by_text("Loading", exact=False)).to_have_count(0)
    with picture("check-by-week", height=880) as page:
        open_check(page, url, "nba_analytics/player_game_summary", "minutes_null_rate")
        open_week(page, FORGOTTEN)
        expect(visible(page, "rows_looked_at")).to_be_visible()
    with picture("numbers-by-week", height=900) as page:
        page.goto(f"{url}/assets/nba_analytics/player_game_summary")
        page.get_by_text("Plots", exact=True).click()
        page.get_by_text("Events", exact=True).last.click()  # by partition, Dagit plots only those of about two years
        page.locator("canvas").nth(3).scroll_into_view_if_needed()
    with picture("backfill-report", width=1150, height=2750) as page:
        page.goto(f"{url}/assets/nba_validation/backfill_report?view=events")
        page.get_by_text("Show Markdown").first.click()
        expect(page.get_by_role("dialog").locator("img")).to_be_visible()


def photograph_failed_week(url: str) -> None:
    with picture("failed-week", height=880) as page:
        open_check(page, url, "nba_raw/bdl_player_boxscores", "minutes_null_rate")
        open_week(page, FORGOTTEN)
        expect(visible(page, "Failed").last).to_be_visible()


@contextmanager
def picture(name: str, width: int = 1440, height: int = 900) -> Iterator[Page]:
    """A page whose state at the end of the block becomes docs/images/`name`.png."""
    with open_browser(width, height) as page:
        yield page
        page.wait_for_timeout(SETTLED)
        file = IMAGES / f"{name}.png"
        page.screenshot(path=file)
    with Image.open(file) as taken:
        taken.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(file, optimize=True)


if __name__ == "__main__":
    main()
