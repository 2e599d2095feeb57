"""Run the weekly pipeline from another program, over the GraphQL API that Dagit itself uses.

    python docs/graphql_backfill.py --first 2021-12-17 --last 2022-01-20

launches one backfill of the weeks whose Friday lies in these dates, waits until it has ended, and prints what every
asset check says of every week. It needs only the standard library and a running `make dev` (or any Dagit: --url).
Exit code 0: the backfill succeeded and no check failed; 1: read the printed reasons; 2: nothing was launched, or it is
unknown how it ended. The API in full: http://127.0.0.1:3000/graphql.
"""

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

ASSETS = (
    "nba_raw/bdl_games",
    "nba_raw/bdl_player_boxscores",
    "nba_analytics/player_game_summary",
    "nba_analytics/team_game_summary",
    "nba_validation/validation_metrics",
)
ENDED = ("COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED")
PAGE = 500  # check results asked for at once
ONE_ANSWER = 60.0  # seconds

WEEKS = """
query Weeks($asset: AssetKeyInput!) {
  assetNodeOrError(assetKey: $asset) { __typename ... on AssetNode { partitionKeys } }
}"""
LAUNCH = """
mutation Launch($assets: [AssetKeyInput!]!, $weeks: [String!]!, $title: String!) {
  launchPartitionBackfill(backfillParams: {assetSelection: $assets, partitionNames: $weeks, title: $title}) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
    ... on PartitionKeysNotFoundError { message }
    ... on UnauthorizedError { message }
  }
}"""
PROGRESS = """
query Progress($backfill: String!) {
  partitionBackfillOrError(backfillId: $backfill) {
    __typename
    ... on PartitionBackfill { status error { message } assetBackfillData { assetBackfillStatuses {
      ... on AssetPartitionsStatusCounts { numPartitionsTargeted numPartitionsMaterialized numPartitionsFailed }
    } } }
    ... on BackfillNotFoundError { message }
    ... on PythonError { message }
  }
}"""
CHECKS = """
query Checks($asset: AssetKeyInput!) {
  assetNodeOrError(assetKey: $asset) {
    __typename
    ... on AssetNode { assetChecksOrError { ... on AssetChecks { checks { name partitionDefinition { name } } } } }
  }
}"""
RESULTS = """
query Results($asset: AssetKeyInput!, $check: String!, $limit: Int!, $cursor: String) {
  assetCheckExecutions(assetKey: $asset, checkName: $check, limit: $limit, cursor: $cursor) {
    id
    partition
    status
    evaluation { success severity metadataEntries { label ... on TextMetadataEntry { text } } }
  }
}"""


class DagitError(Exception):
    """Dagit could not be reached or refused; the message says what to do."""


@dataclass(frozen=True)
class Progress:
    """How far a backfill is, in weeks summed over its assets; `status` is Dagster's BulkActionStatus."""

    status: str
    asked: int
    done: int
    failed: int
    error: str

    @property
    def ended(self) -> bool:
        return self.status in ENDED


@dataclass(frozen=True)
class CheckResult:
    """The newest result of a check for a week: "passed", "warned", "failed", or "none" when it has not run."""

    asset: str
    check: str
    week: str
    outcome: str
    reason: str


class Dagit:
    """The four questions a scheduler, a notebook or a status page asks a running Dagit."""

    def __init__(self, url: str) -> None:
        self._graphql = f"{url.rstrip('/')}/graphql"

    def weeks(self, asset: str, first: str, last: str) -> list[str]:
        """The asset's weeks whose Friday lies in `first` to `last` (ISO dates)."""
        node = self._ask(WEEKS, {"asset": _key(asset)})["assetNodeOrError"]
        if node["__typename"] != "AssetNode":
            raise DagitError(f"Dagit knows no asset {asset}: look at the names in its lineage page")
        return [week for week in node["partitionKeys"] if first <= week <= last]

    def launch(self, assets: list[str], weeks: list[str]) -> str:
        """Start one backfill of these weeks of all these assets; its id."""
        answer = self._ask(
            LAUNCH,
            {"assets": [_key(asset) for asset in assets], "weeks": weeks, "title": f"{weeks[0]} to {weeks[-1]}"},
        )["launchPartitionBackfill"]
        if answer["__typename"] != "LaunchBackfillSuccess":
            raise DagitError(f"no backfill was launched: {answer.get('message') or answer['__typename']}")
        return str(answer["backfillId"])

    def progress(self, backfill: str) -> Progress:
        answer = self._ask(PROGRESS, {"backfill": backfill})["partitionBackfillOrError"]
        if answer["__typename"] != "PartitionBackfill":
            raise DagitError(f"backfill {backfill}: {answer.get('message') or answer['__typename']}")
        counts = [asset for asset in (answer["assetBackfillData"] or {}).get("assetBackfillStatuses", []) if asset]
        return Progress(
            answer["status"],
            sum(asset["numPartitionsTargeted"] for asset in counts),
            sum(asset["numPartitionsMaterialized"] for asset in counts),
            sum(asset["numPartitionsFailed"] for asset in counts),
            (answer["error"] or {}).get("message", ""),
        )

    def check_results(self, asset: str, weeks: list[str]) -> Iterator[CheckResult]:
        """The newest result of each of the asset's weekly checks for each week."""
        node = self._ask(CHECKS, {"asset": _key(asset)})["assetNodeOrError"]
        checks = node["assetChecksOrError"].get("checks", [])
        for name in [check["name"] for check in checks if check["partitionDefinition"]]:
            newest = self._newest_by_week(asset, name, set(weeks))
            yield from (_result(asset, name, week, newest.get(week)) for week in weeks)

    def _newest_by_week(self, asset: str, check: str, weeks: set[str]) -> dict[str, dict[str, Any]]:
        newest: dict[str, dict[str, Any]] = {}
        asked: dict[str, Any] = {"asset": _key(asset), "check": check, "limit": PAGE, "cursor": None}
        while set(newest) < weeks:
            page = self._ask(RESULTS, asked)["assetCheckExecutions"]
            for execution in page:
                if execution["partition"] in weeks:
                    newest.setdefault(execution["partition"], execution)
            if len(page) < PAGE:
                break
            asked["cursor"] = page[-1]["id"]
        return newest

    def _ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(self._graphql, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=ONE_ANSWER) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            raise DagitError(
                f"{self._graphql} answered {error.code}: {error.read(500).decode(errors='replace')}"
            ) from None
        except (OSError, ValueError) as error:
            raise DagitError(
                f"{self._graphql} gives no answer ({error}): start Dagit with `make dev`, or set --url"
            ) from None
        if answer.get("errors"):
            raise DagitError(f"{self._graphql} refused the question: {answer['errors'][0]['message']}")
        return answer["data"]


def _key(asset: str) -> dict[str, list[str]]:
    return {"path": asset.split("/")}


def _result(asset: str, check: str, week: str, execution: dict[str, Any] | None) -> CheckResult:
    evaluation = (execution or {}).get("evaluation")
    if not evaluation:
        return CheckResult(asset, check, week, "none", "no result")
    outcome = "passed" if evaluation["success"] else "warned" if evaluation["severity"] == "WARN" else "failed"
    texts = {entry["label"]: entry.get("text") or "" for entry in evaluation["metadataEntries"]}
    return CheckResult(asset, check, week, outcome, texts.get("reason", ""))


def run(dagit: Dagit, assets: list[str], first: str, last: str, every: float) -> bool:
    """Backfill, wait and print; whether every week of every check is good."""
    weeks = dagit.weeks(assets[0], first, last)
    if not weeks:
        raise DagitError(f"no Friday of the history lies in {first} to {last}: choose dates at least a week apart")
    backfill = dagit.launch(assets, weeks)
    print(f"backfill {backfill}: {len(weeks)} weeks of {len(assets)} assets")
    seen = ""
    while not (now := dagit.progress(backfill)).ended:
        told = f"  {now.done} of {now.asked} done" + (f", {now.failed} failed" if now.failed else "")
        if told != seen:
            print(told, flush=True)
        seen = told
        time.sleep(every)
    print(f"backfill {backfill}: {now.status}{now.error and f', {now.error}'}\n")
    results = [result for asset in assets for result in dagit.check_results(asset, weeks)]
    print(by_week(results, weeks))
    return now.status == "COMPLETED_SUCCESS" and all(result.outcome in ("passed", "warned") for result in results)


def by_week(results: list[CheckResult], weeks: list[str]) -> str:
    """A line a week with how many checks passed, and under it whatever did not."""
    lines = []
    for week in weeks:
        of_week = [result for result in results if result.week == week]
        lines.append(f"{week}  {sum(result.outcome == 'passed' for result in of_week)} of {len(of_week)} checks passed")
        lines += [
            f"    {result.outcome}: {result.asset} {result.check}: {result.reason}"
            for result in of_week
            if result.outcome != "passed"
        ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n\n")[0])
    parser.add_argument("assets", nargs="*", default=ASSETS, help="weekly assets as dataset/table, upstream ones first")
    parser.add_argument("--first", required=True, help="weeks whose Friday is not before this date")
    parser.add_argument("--last", required=True, help="weeks whose Friday is not after this date")
    parser.add_argument("--url", default="http://127.0.0.1:3000", help="where Dagit is")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two looks at the backfill")
    asked = parser.parse_args()
    try:
        return 0 if run(Dagit(asked.url), list(asked.assets), asked.first, asked.last, asked.every) else 1
    except DagitError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
