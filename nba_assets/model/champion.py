"""The deployed model: the gates that a model must pass, and the pointer to it, which is replaced atomically."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from upath import UPath

from nba_assets.errors import ArtifactError
from nba_assets.model.artifacts import ModelStore, read_whole, write_whole
from nba_assets.model.training import TrainedModel

DEPLOY_BELOW = 4.20
ITERATE_UP_TO = 4.30
DEPLOY, ITERATE, INVESTIGATE, REFUSE = "deploy", "deploy and iterate", "deploy, investigate", "refuse"


@dataclass(frozen=True)
class Gate:
    """Whether a model may be deployed, and why; `mae` is NaN if there is no comparison."""

    outcome: str
    reason: str
    mae: float

    @property
    def opens(self) -> bool:
        return self.outcome != REFUSE


def gate(score: Mapping[str, float] | None) -> Gate:
    """The decision on a model by its row of MODEL_COMPARISON; None if there is none.

    A model that does not beat the mock and the weekly regression on the same rows is never deployed. MAE below 4.20
    deploys, up to 4.30 deploys and iterates; a higher one deploys, marked "investigate", only if the interval of its
    difference to the mock is below zero.
    """
    if score is None:
        return Gate(REFUSE, "its feature set was never compared: materialize nba_ml/model_comparison first", math.nan)
    mae, difference, low, high = (score[name] for name in ("mae", "mae_minus_mock", "interval_low", "interval_high"))
    found = (
        f"MAE {mae:.3f}, {difference:+.3f} against the mock on the same rows (95 % {low:+.3f} to {high:+.3f}), "
        f"{score['mae_minus_regression']:+.3f} against the weekly regression"
    )
    if not difference < 0:
        return Gate(REFUSE, f"{found}: it does not beat the mock", mae)
    if not score["mae_minus_regression"] < 0:
        return Gate(REFUSE, f"{found}: it does not beat the regression, which costs nothing", mae)
    if mae < DEPLOY_BELOW:
        return Gate(DEPLOY, f"{found}: below {DEPLOY_BELOW}", mae)
    if mae <= ITERATE_UP_TO:
        return Gate(ITERATE, f"{found}: between {DEPLOY_BELOW} and {ITERATE_UP_TO}", mae)
    if high < 0:
        return Gate(INVESTIGATE, f"{found}: above {ITERATE_UP_TO}, but better than the mock", mae)
    return Gate(REFUSE, f"{found}: above {ITERATE_UP_TO}, and perhaps no better than the mock", mae)


class Champion:
    """The pointer to the deployed model, a file beside the models."""

    def __init__(self, root: UPath):
        self._pointer = root / "champion.json"
        self._store = ModelStore(root)

    @property
    def model_id(self) -> str | None:
        """The deployed model; None before the first."""
        try:
            return str(json.loads(read_whole(self._pointer))["model"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise ArtifactError(
                f"{self._pointer} names no model ({error}): materialize nba_ml/champion with the name of one"
            ) from error

    def deploy(self, model_id: str, why: str) -> TrainedModel:
        """Point to the model after it was loaded and checked; the pointer is not changed if that fails."""
        model = self._store.load(model_id)
        write_whole(self._pointer, json.dumps({"model": model_id, "why": why}, indent=1).encode())
        return model

    def load(self) -> TrainedModel:
        """The deployed model. Raises ArtifactError; no other model takes its place."""
        if self.model_id is None:
            raise ArtifactError("no model is deployed: materialize nba_ml/champion first")
        return self._store.load(self.model_id)
