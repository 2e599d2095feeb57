"""Where models are kept: a folder or bucket of models named by their content, and a pointer for each week."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import dagster as dg
import xgboost
from upath import UPath

from nba_assets.model.training import ModelCard, TrainedModel
from nba_assets.tables.features import feature_hash


class ArtifactError(Exception):
    """A stored model cannot be used; the message names it, what is wrong, and what to materialize."""


class ModelStore:
    """Models under `root`/models/<model id>/, never overwritten: any of them can be deployed again."""

    def __init__(self, root: UPath):
        self._root = root

    def save(self, model: TrainedModel) -> str:
        folder = self._folder(model.card.model_id)
        write_whole(folder / "model.ubj", model.booster)
        write_whole(folder / "card.json", model.card.to_json().encode())
        return model.card.model_id

    def load(self, model_id: str) -> TrainedModel:
        """The model, after its bytes, features and library version have been compared with its card.

        Raises ArtifactError for a model that is missing, cut short, changed, or of another library version.
        """
        folder = self._folder(model_id)
        again = "Materialize nba_ml/xgboost_model of its week again, or deploy another model"
        try:
            card = ModelCard.from_json(read_whole(folder / "card.json").decode())
            booster = read_whole(folder / "model.ubj")
        except FileNotFoundError as error:
            raise ArtifactError(f"model {model_id} is not in {self._root}: {error}. {again}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ArtifactError(f"the card of model {model_id} cannot be read: {error}. {again}") from error
        if card.model_id != model_id:
            raise ArtifactError(f"the card of model {model_id} was changed: it is that of {card.model_id}. {again}")
        if hashlib.sha256(booster).hexdigest() != card.booster_sha256:
            raise ArtifactError(f"model {model_id} has {len(booster):,} bytes that are not those of its card. {again}")
        if feature_hash(card.features) != card.feature_hash:
            raise ArtifactError(f"model {model_id} was trained on other features than its card lists. {again}")
        if card.xgboost_version != xgboost.__version__:
            raise ArtifactError(
                f"model {model_id} is of xgboost {card.xgboost_version}, this is {xgboost.__version__}. {again}"
            )
        return TrainedModel(booster, card)

    def _folder(self, model_id: str) -> UPath:
        return self._root / "models" / model_id


class ModelArtifacts(dg.UPathIOManager):
    """Stores a week's model as a pointer to a model in the store; a run over many weeks hands over one for each.

    A week's pointer can name an earlier week's model: a week without games carries it on.
    """

    extension = ".json"

    def __init__(self, base_path: UPath):
        super().__init__(base_path=base_path)
        self.root = base_path
        self.store = ModelStore(base_path)

    def newest_model(self) -> TrainedModel | None:
        """The model of the newest week that has one; None before the first."""
        try:
            weeks = sorted((self.root / "nba_ml" / "xgboost_model").glob("*.json"), key=lambda path: path.name)
        except Exception as error:  # a bucket's client has errors of many kinds
            raise _out_of_reach(self.root, error) from error
        return self._load_pointer(weeks[-1]) if weeks else None

    def handle_output(self, context: dg.OutputContext, obj: dict[str, TrainedModel] | None) -> None:
        paths = self._get_paths_for_partitions(context)
        with as_failure():
            for key, model in (obj or {}).items():
                self.dump_to_path(context, model, paths[key])

    def dump_to_path(self, context: dg.OutputContext, obj: TrainedModel, path: UPath) -> None:
        write_whole(path, json.dumps({"model": self.store.save(obj)}).encode())

    def load_input(self, context: dg.InputContext) -> dict[str, TrainedModel]:
        """The model of each week that has one, by partition key."""
        models = {}
        for key, path in self._get_paths_for_partitions(context).items():
            with as_failure(), suppress(FileNotFoundError):
                models[key] = self.load_from_path(context, path)
        return models

    def load_from_path(self, context: dg.InputContext, path: UPath) -> TrainedModel:
        return self._load_pointer(path)

    def _load_pointer(self, path: UPath) -> TrainedModel:
        pointer = read_whole(path)
        try:
            model_id = json.loads(pointer)["model"]
        except (ValueError, KeyError, TypeError) as error:
            raise ArtifactError(f"{path} names no model ({error}): materialize its week again") from error
        return self.store.load(model_id)


@contextmanager
def as_failure() -> Iterator[None]:
    """An ArtifactError fails the step with its message alone."""
    try:
        yield
    except ArtifactError as error:
        raise dg.Failure(f"{error}.", allow_retries=False) from None


def read_whole(path: UPath) -> bytes:
    """In one request: an opened file of a bucket asks for the size first, and cuts short what has grown since."""
    try:
        content: bytes = path.fs.cat_file(path.path)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise _out_of_reach(path, error) from error
    return content


def write_whole(path: UPath, content: bytes) -> None:
    """Write so that a reader sees the old content or the new one; buckets do so by themselves."""
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
