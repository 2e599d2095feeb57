"""The artifact folder or bucket: models, each named by its content."""

import hashlib
import os
from importlib.metadata import version

from upath import UPath

from nba_assets.errors import ArtifactError
from nba_assets.model.training import ModelCard, TrainedModel
from nba_assets.tables.features import feature_hash


class ModelStore:
    """Models under `root`/models/<model id>/, never overwritten, so that each can be deployed again."""

    def __init__(self, root: UPath):
        self.root = root

    def save(self, model: TrainedModel) -> str:
        folder = self._folder(model.card.model_id)
        write_whole(folder / "model.ubj", model.booster)
        write_whole(folder / "card.json", model.card.to_json().encode())
        return model.card.model_id

    def load(self, model_id: str) -> TrainedModel:
        """The model, if its bytes, features and library version agree with its card.

        Raises ArtifactError for a model that is missing, cut short, changed, or of another library version.
        """
        folder = self._folder(model_id)
        again = "Materialize nba_ml/xgboost_model of its week again, or deploy another model"
        try:
            card = ModelCard.from_json(read_whole(folder / "card.json").decode())
            booster = read_whole(folder / "model.ubj")
        except FileNotFoundError as error:
            raise ArtifactError(f"model {model_id} is not in {self.root}: {error}. {again}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ArtifactError(f"the card of model {model_id} cannot be read: {error}. {again}") from error
        if card.model_id != model_id:
            raise ArtifactError(f"the card of model {model_id} was changed: it is that of {card.model_id}. {again}")
        if hashlib.sha256(booster).hexdigest() != card.booster_sha256:
            raise ArtifactError(f"model {model_id} has {len(booster):,} bytes that are not those of its card. {again}")
        if feature_hash(card.features) != card.feature_hash:
            raise ArtifactError(f"model {model_id} was trained on other features than its card lists. {again}")
        installed = version("xgboost")
        if card.xgboost_version != installed:
            raise ArtifactError(f"model {model_id} is of xgboost {card.xgboost_version}, this is {installed}. {again}")
        return TrainedModel(booster, card)

    def _folder(self, model_id: str) -> UPath:
        return self.root / "models" / model_id


def read_whole(path: UPath) -> bytes:
    """Read in one request: opened files of a bucket read the size first, and truncate what has grown since."""
    try:
        content: bytes = path.fs.cat_file(path.path)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise _out_of_reach(path, error) from error
    return content


def write_whole(path: UPath, content: bytes) -> None:
    """Write atomically: a reader sees the old content or the new one. Buckets do this by themselves."""
    try:
        if path.protocol not in ("", "file", "local"):
            path.write_bytes(content)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.write_bytes(content)
        partial.replace(path)
    except Exception as error:
        raise _out_of_reach(path, error) from error


def _out_of_reach(path: UPath, error: Exception) -> ArtifactError:
    return ArtifactError(
        f"{path} cannot be reached ({str(error) or type(error).__name__}). Free space, fix permissions or credentials, "
        "or set NBA_ARTIFACTS; the models stored so far stand"
    )
