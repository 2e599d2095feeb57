"""`make bench`: how long backfills take from process start and what memory they need, beside a script without Dagster.

Ratios are of runs one after the other on the same machine; nothing is asserted. Time in Dagit is measured elsewhere.
"""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from nba_assets.settings import REPOSITORY
from nba_assets.tables import MODEL_COMPARISON
from nba_assets.tables.model import PLAYER_GAME_FEATURES, PLAYER_POINTS, PREDICTION_ACCURACY, XGBOOST_MODEL
from nba_assets_tests.conftest import SHARED
from nba_assets_tests.support.command_line import Project, project_at, replay_project, replaying

HISTORY = ("2021-10-01", "2024-04-30")  # 135 weeks
SEASON = ("2021-10-01", "2022-06-30")
SIX_SEASONS = ("2018-10-05", "2024-04-30")
WEEK = ("2021-12-17", "2021-12-17")
WHOLE = ("nba_assets", "backfill", "--first", "{first}", "--last", "{last}")
BOX_SCORES = ("nba_assets_tests.support.box_score_weeks", "{first}", "{last}", "--metrics", "--report")
WEEKLY = BOX_SCORES[:-1]
PARTS = {
    "features": (PLAYER_GAME_FEATURES,),
    "weekly trainings": (XGBOOST_MODEL,),
    "comparison of the feature sets": (MODEL_COMPARISON,),
    "predictions and grading": (PLAYER_POINTS, PREDICTION_ACCURACY),
}
PLAIN = ("nba_assets_tests.support.plain_script", "{first}", "{last}")


@dataclass(frozen=True)
class Measured:
    """Wall and processor seconds from process start to its end, and its peak resident memory."""

    name: str
    seconds: float
    processor: float
    megabytes: float

    def told(self, beside: "Measured | None") -> str:
        ratio = f"{self.seconds / beside.seconds:6.2f} x {beside.name}" if beside else ""
        return f"{self.name:<46} {self.seconds:7.1f} s {self.processor:7.1f} s {self.megabytes:7.0f} MB  {ratio}"


def measure(
    name: str, module: tuple[str, ...], span: tuple[str, str], project: Project, beside: Measured | None = None
) -> Measured:
    """Run it, print it, and its ratio to the one measured before."""
    first, last = span
    arguments = [word.format(first=first, last=last) for word in module]
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments], cwd=REPOSITORY, env=project.environment, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
        if process.returncode:
            output.seek(0)
            sys.exit(f"{name} failed:\n{output.read().decode()[-3000:]}")
    measured = Measured(name, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    print(measured.told(beside), flush=True)
    return measured


def tell_parts(project: Project) -> None:
    """Seconds of the model's parts in the project's newest run, with storing and checking what they made."""
    os.environ["DAGSTER_HOME"] = project.environment["DAGSTER_HOME"]
    with dg.DagsterInstance.get() as instance:
        run = max(instance.get_runs(), key=lambda run: len(run.asset_selection or ()))
        seconds = {
            stats.step_key: stats.end_time - stats.start_time
            for stats in instance.get_run_step_stats(run.run_id)
            if stats.start_time and stats.end_time
        }
    for part, tables in PARTS.items():
        print(f"  {part:<44} {sum(seconds['__'.join(table.asset_key.path)] for table in tables):7.1f} s", flush=True)


def sample_league(folder: Path) -> None:
    def fresh(name: str) -> Project:
        return project_at(folder / name)

    plain = measure("sample, box scores, 135 weeks, plain script", PLAIN, HISTORY, fresh("plain"))
    measure("sample, box scores, 135 weeks", BOX_SCORES, HISTORY, fresh("graph"), plain)
    season = measure("sample, box scores, 1 season", BOX_SCORES, SEASON, fresh("season"))
    measure("sample, box scores, 3 seasons again", BOX_SCORES, HISTORY, fresh("seasons"), season)
    measure("sample, box scores, one week", WEEKLY, WEEK, fresh("week"))
    measure("sample, whole graph, one week", WHOLE, WEEK, fresh("whole-week"))
    season = measure("sample, whole graph, 1 season", WHOLE, SEASON, fresh("whole-season"))
    whole = fresh("whole")
    measure("sample, whole graph, 135 weeks", WHOLE, HISTORY, whole, season)
    tell_parts(whole)


def real_seasons(folder: Path) -> None:
    with ExitStack() as running:
        replay = running.enter_context(replaying(SHARED, "--today", "2024-05-01"))

        def fresh(name: str, **variables: str) -> Project:
            return replay_project(folder / name, replay, **variables)

        plain = measure("replay, box scores, 135 weeks, plain script", PLAIN, HISTORY, fresh("real-plain"))
        project = fresh("real")
        three = measure("replay, box scores, 135 weeks", BOX_SCORES, HISTORY, project, plain)
        measure("replay, box scores, 135 weeks from landing", BOX_SCORES, HISTORY, project, three)
        six = fresh("six", NBA_FIRST_WEEK=SIX_SEASONS[0])
        measure("replay, box scores, 6 seasons", BOX_SCORES, SIX_SEASONS, six, three)
        whole = fresh("real-whole")
        measure("replay, whole graph, 135 weeks", WHOLE, HISTORY, whole)
        tell_parts(whole)


if __name__ == "__main__":
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; wall, processor time, peak memory", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        sample_league(Path(temporary))
        if SHARED.is_dir():
            real_seasons(Path(temporary))
        else:
            print("the real seasons are left out: there is no ../shared")
    print(f"load {os.getloadavg()[0]:.1f} at the end")
