"""The points model: one model per week, the comparison of feature sets, and the deployed model."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

import dagster as dg
import pandas as pd

from nba_assets.errors import ArtifactError, WarehouseError
from nba_assets.model import comparison
from nba_assets.model.artifacts import ModelStore
from nba_assets.model.champion import Champion, gate
from nba_assets.model.training import Parameters, TooFewRows, TrainingError
from nba_assets.model.weekly_training import last_date_before, newest_dates, train_weeks
from nba_assets.partitions import WEEKS, report_dates, weeks_of_keys
from nba_assets.reports import model_charts
from nba_assets.tables import MODEL_COMPARISON
from nba_assets.tables.asset_keys import CHAMPION, group_of
from nba_assets.tables.features import WEEKLY_SET
from nba_assets.tables.model import PLAYER_GAME_FEATURES, XGBOOST_MODEL
from nba_assets.warehouse.frames import to_arrow
from nba_assets.warehouse.interface import Warehouse
from nba_assets.weekly import retries
from nba_assets.weekly.asset import OWNERS, AllWeeksBefore, SameWeek, weekly_asset

SCORE_OF = """
SELECT mae, mae_minus_mock, interval_low, interval_high, mae_minus_regression
FROM nba_ml.model_comparison WHERE contender = @contender
"""


NEWEST_MODEL = """
SELECT model_id FROM nba_ml.xgboost_model WHERE week BETWEEN @first_week AND @last_week ORDER BY week DESC LIMIT 1
"""


class Training(dg.Config):
    """feature_set: v1, v3, v4, v5 or v6. The other fields are XGBoost's, see `model.training.Parameters`."""

    feature_set: str = WEEKLY_SET
    rounds: int = Parameters.rounds
    max_depth: int = Parameters.max_depth
    learning_rate: float = Parameters.learning_rate
    seed: int = Parameters.seed

    @property
    def parameters(self) -> Parameters:
        return Parameters(
            rounds=self.rounds, max_depth=self.max_depth, learning_rate=self.learning_rate, seed=self.seed
        )


@weekly_asset(XGBOOST_MODEL, code_version="3", kinds={"xgboost"})
def xgboost_model(
    context: dg.AssetExecutionContext,
    config: Training,
    model_store: dg.ResourceParam[ModelStore],
    player_game_features: AllWeeksBefore,
    bdl_games: SameWeek,
    weeks: Sequence[dt.date],
) -> pd.DataFrame:
    """A week without games keeps the model of the last week with games."""
    games = bdl_games.groupby("week").size().to_dict()
    newest, rows = newest_dates(player_game_features), []
    for training in train_weeks(player_game_features, weeks, games, config.feature_set, config.parameters):
        context.log.info(f"week {training.week}: {training.note}")
        if training.model:
            model_store.save(training.model)
            rows.append(training.row(last_date_before(newest, training.basis)))
    return pd.DataFrame(rows, columns=XGBOOST_MODEL.column_names)


class ComparisonRange(dg.Config):
    """first_date, last_date: league dates of the compared rows; by default the history up to the run's last week."""

    first_date: str = ""
    last_date: str = ""


@dg.asset(
    key=MODEL_COMPARISON.asset_key,
    deps=[PLAYER_GAME_FEATURES.asset_key],
    description=MODEL_COMPARISON.description,
    group_name=group_of(MODEL_COMPARISON.asset_key),
    owners=OWNERS,
    kinds={"xgboost", "matplotlib"},
    code_version="2",
    metadata={
        "dagster/column_schema": MODEL_COMPARISON.column_schema,
        "dagster/table_name": MODEL_COMPARISON.qualified_name,
    },
)
def model_comparison(
    context: dg.AssetExecutionContext, config: ComparisonRange, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult:
    """The first 70 % of the rows are for training, the next 15 % for validation, the last 15 % for this test."""
    history = weeks_of_keys(WEEKS.get_partition_keys())
    first, last = report_dates(config.first_date or f"{history[0]}", config.last_date, context.run.tags)
    with retries.expected_failures(context):
        features = warehouse.read_weeks(PLAYER_GAME_FEATURES, history)
    rows = comparison.comparable_rows(features, first, last)
    try:
        result = comparison.compare(rows, Parameters())
    except TooFewRows as few:
        return dg.MaterializeResult(metadata={"not compared": f"{first} to {last}: {few}"})
    except TrainingError as error:
        raise dg.Failure(
            f"{first} to {last}: {error}. Materialize more weeks of features first; nothing was changed.",
            allow_retries=False,
        ) from None
    test = result.split.test["game_date"]
    scored = pd.DataFrame([dataclasses.asdict(score) for score in result.scores]).assign(
        compared_at=pd.Timestamp.now(tz="UTC"), test_first_date=test.min(), test_last_date=test.max()
    )
    stored = scored.rename(columns={"rows": "test_rows"})[MODEL_COMPARISON.column_names]
    with retries.expected_failures(context):
        warehouse.merge(MODEL_COMPARISON, to_arrow(stored, MODEL_COMPARISON))
    table = comparison.comparison_table(result)
    return dg.MaterializeResult(
        metadata={
            "comparison": dg.MetadataValue.md(f"{table}\n\n{model_charts.comparison_images(result)}"),
            "test rows": len(test),
            "test dates": f"{test.min()} to {test.max()}",
            **{f"MAE of {score.contender}": score.mae for score in result.scores},
        }
    )


class Deployment(dg.Config):
    """model: deploy this model of the artifact folder regardless of the gates, as for a rollback."""

    model: str = ""


@dg.asset(
    key=CHAMPION,
    deps=[XGBOOST_MODEL.asset_key, MODEL_COMPARISON.asset_key],
    group_name=group_of(CHAMPION),
    owners=OWNERS,
    kinds={"xgboost"},
    code_version="1",
    check_specs=[
        dg.AssetCheckSpec(
            "gates",
            asset=CHAMPION,
            description="The newest model may be deployed: on the same rows its feature set beats the expert formula "
            "and the weekly regression, with MAE up to 4.30 or a 95 % interval against the formula below zero. "
            "Otherwise the deployed model stays.",
        )
    ],
)
def champion(
    config: Deployment, warehouse: dg.ResourceParam[Warehouse], model_store: dg.ResourceParam[ModelStore]
) -> dg.MaterializeResult:
    """The deployed model: a pointer to the newest model that passes the gates, or to the model of the configuration.

    All models stay in the artifact folder, so an earlier one can be deployed again by its name.
    """
    deployed = Champion(model_store.root)
    try:
        model_id = config.model or newest_model(warehouse)
        if model_id is None:
            return no_model_yet()
        model = model_store.load(model_id)
        scores = warehouse.query(SCORE_OF, {"contender": model.card.feature_set}).to_dict("records")
        decision = gate(scores[0] if scores else None)
        before = deployed.model_id
        if config.model or decision.opens:
            deployed.deploy(model.card.model_id, "set in the configuration" if config.model else decision.reason)
    except (ArtifactError, WarehouseError) as error:
        raise dg.Failure(f"{error}. The deployed model was not changed.", allow_retries=False) from None
    return dg.MaterializeResult(
        metadata={
            "model": deployed.model_id or "none",
            "before": before or "none",
            "decision": "set in the configuration" if config.model else decision.outcome,
            "reason": decision.reason,
            "trained on": f"{model.card.first_week} to {model.card.last_week}, {model.card.rows:,} rows",
        },
        check_results=[_gates(decision.opens, {"reason": decision.reason, "MAE": decision.mae})],
    )


def newest_model(warehouse: Warehouse) -> str | None:
    """The model of the newest week that has one; None before the first."""
    weeks = weeks_of_keys(WEEKS.get_partition_keys())
    newest = warehouse.query(NEWEST_MODEL, {"first_week": weeks[0], "last_week": weeks[-1]})
    return None if newest.empty else str(newest["model_id"].iloc[0])


def no_model_yet() -> dg.MaterializeResult:
    reason = "no model is trained yet: it needs 200 played rows of earlier weeks"
    return dg.MaterializeResult(
        metadata={"model": "none", "reason": reason}, check_results=[_gates(False, {"reason": reason})]
    )


def _gates(passed: bool, metadata: dict[str, Any]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name="gates", passed=passed, severity=dg.AssetCheckSeverity.WARN, metadata=metadata
    )
