"""What is deployed: the gates a model must pass, and one pointer that is moved at once or not at all."""

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
    """Whether a model may be deployed, and why; `mae` is NaN where nothing was compared."""

    outcome: str
    reason: str
    mae: float

    @property
    def opens(self) -> bool:
        return self.outcome != REFUSE


def gate(score: Mapping[str, float] | None) -> Gate:
    """The decision on a model's comparison: never deploy what does not beat the mock on the same rows.

    score: mae, mae_minus_mock, interval_low and interval_high of MODEL_COMPARISON, or None when it was never compared.
    MAE below 4.20 deploys, up to 4.30 deploys and iterates; above it deploys, marked "investigate", only when the
    interval of its difference to the mock is below zero.
    """
    if score is None:
        return Gate(REFUSE, "its feature set was never compared: materialize nba_ml/model_comparison first", math.nan)
    mae, difference, low, high = (score[name] for name in ("mae", "mae_minus_mock", "interval_low", "interval_high"))
    told = f"MAE {mae:.3f}, {difference:+.3f} against the mock on the same rows (95 % {low:+.3f} to {high:+.3f})"
    if not difference < 0:
        return Gate(REFUSE, f"{told}: it does not beat the mock", mae)
    if mae < DEPLOY_BELOW:
        return Gate(DEPLOY, f"{told}: below {DEPLOY_BELOW}", mae)
    if mae <= ITERATE_UP_TO:
        return Gate(ITERATE, f"{told}: between {DEPLOY_BELOW} and {ITERATE_UP_TO}", mae)
    if high < 0:
        return Gate(INVESTIGATE, f"{told}: above {ITERATE_UP_TO}, but better than the mock", mae)
    return Gate(REFUSE, f"{told}: above {ITERATE_UP_TO}, and perhaps no better than the mock", mae)


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
        """Point to the model once it has been loaded and found whole; the pointer stands when it is not."""
        model = self._store.load(model_id)
        write_whole(self._pointer, json.dumps({"model": model_id, "why": why}, indent=1).encode())
        return model

    def load(self) -> TrainedModel:
        """The deployed model. Raises ArtifactError; there is no silent fallback to another one."""
        if self.model_id is None:
            raise ArtifactError("no model is deployed: materialize nba_ml/champion first")
        return self._store.load(self.model_id)
