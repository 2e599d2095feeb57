"""Many writers of rosters at once, on every warehouse.

BigQuery itself lets twenty wait for a table and refuses the next one, which is then waited out; the emulator has no
such limit, so that part is tested with Google's answer in `test_bigquery`.
"""

from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from nba_assets.assets.rosters import store_rosters
from nba_assets.league.teams import TEAMS
from nba_assets.tables import BR_ROSTERS_CURRENT, ROSTER_CHANGES
from nba_assets_tests.transforms.test_rosters import ANN, BEA, CYD, MONDAY, SEASON, TUESDAY, roster
from nba_assets_tests.warehouse.conftest import Storage

ALONE, TOGETHER = SEASON, SEASON + 1
OF_THE_WRITER = {"season", "fetched_at"}


def test_thirty_writers_of_one_team_each_end_in_the_table_of_one_writer(storage: Storage) -> None:
    before = pd.concat([roster(team, ANN, BEA) for team in list(TEAMS)[:15]])
    read = {team: roster(team, BEA, CYD, number="9") for team in TEAMS}
    warehouse = storage.open()
    for season in (ALONE, TOGETHER):
        store_rosters(warehouse, season, before, MONDAY)
    store_rosters(warehouse, ALONE, pd.concat(read.values()), TUESDAY)
    with ThreadPoolExecutor(max_workers=30) as writers:
        written = writers.map(lambda team: store_rosters(storage.open(), TOGETHER, read[team], TUESDAY), TEAMS)
        # Known teams lose one player, gain one and change a number; the others gain two.
        assert list(written) == [(3, 3)] * 15 + [(2, 2)] * 15
    for table, count in ((BR_ROSTERS_CURRENT, 75), (ROSTER_CHANGES, 105)):
        columns = ", ".join(name for name in table.column_names if name not in OF_THE_WRITER)
        one, thirty = (
            warehouse.query(
                f"SELECT {columns} FROM {table.qualified_name} WHERE season = @season ORDER BY {', '.join(table.key)}",
                {"season": season},
            )
            for season in (ALONE, TOGETHER)
        )
        assert len(one) == count
        pd.testing.assert_frame_equal(one, thirty)
