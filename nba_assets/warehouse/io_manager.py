"""How a downstream asset gets its upstream frame: the weeks of its run, read from the warehouse."""

from typing import Any

import dagster as dg
import pandas as pd

from nba_assets.errors import WarehouseError
from nba_assets.partitions import weeks_of_keys
from nba_assets.tables import WEEKLY_TABLES
from nba_assets.warehouse.interface import Warehouse

TABLES = {table.asset_key: table for table in WEEKLY_TABLES}


class WarehouseReader(dg.ConfigurableIOManager):
    """Loads upstream tables. It stores nothing: assets publish their own rows, see `weekly_asset`."""

    warehouse: dg.ResourceDependency[Warehouse]

    def load_input(self, context: dg.InputContext) -> pd.DataFrame:
        try:
            return self.warehouse.read_weeks(TABLES[context.asset_key], weeks_of_keys(context.asset_partition_keys))
        except WarehouseError as error:
            raise dg.Failure(str(error), allow_retries=False) from None

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        if obj is not None:
            raise TypeError(f"{context.asset_key.to_user_string()}: publish rows through the warehouse, return None")
