import json
import threading
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from upath import UPath

from nba_assets.errors import ArtifactError
from nba_assets.model.artifacts import ModelStore
from nba_assets.model.champion import DEPLOY, INVESTIGATE, ITERATE, REFUSE, Champion, gate
from nba_assets.model.training import ModelCard, TrainedModel
from nba_assets_tests.support.learnable import trained_model


def score(
    mae: float, against_mock: float, low: float, high: float, against_regression: float = -0.02
) -> dict[str, float]:
    against = {"mae_minus_mock": against_mock, "interval_low": low, "interval_high": high}
    return {"mae": mae, **against, "mae_minus_regression": against_regression}


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        pytest.param(score(4.19, -0.4, -0.5, -0.3), DEPLOY, id="below 4.20"),
        pytest.param(score(4.20, -0.4, -0.5, -0.3), ITERATE, id="at 4.20"),
        pytest.param(score(4.30, -0.4, -0.5, -0.3), ITERATE, id="at 4.30"),
        pytest.param(score(4.31, -0.4, -0.5, -0.3), INVESTIGATE, id="above, surely better than the mock"),
        pytest.param(score(4.31, -0.1, -0.3, 0.1), REFUSE, id="above, perhaps no better"),
        pytest.param(score(4.10, 0.0, -0.1, 0.1), REFUSE, id="low error, but the mock has it too"),
        pytest.param(score(4.10, 0.2, 0.1, 0.3), REFUSE, id="worse than the mock"),
        pytest.param(score(4.19, -0.4, -0.5, -0.3, against_regression=0.0), REFUSE, id="no better than the regression"),
        pytest.param(None, REFUSE, id="never compared"),
    ],
)
def test_only_what_beats_the_mock_is_deployed(found: dict[str, float] | None, outcome: str) -> None:
    assert gate(found).outcome == outcome


def test_the_pointer_moves_to_a_whole_model_and_back(place: UPath) -> None:
    store, champion = ModelStore(place), Champion(place)
    first, second = (store.save(trained_model(seed)) for seed in (1, 2))
    assert champion.model_id is None

    champion.deploy(first, "the gates opened")
    champion.deploy(second, "the gates opened")
    champion.deploy(first, "rolled back")

    assert champion.load() == store.load(first)
    assert json.loads((place / "champion.json").read_text()) == {"model": first, "why": "rolled back"}


def test_loading_without_a_deployed_model_says_what_to_do(place: UPath) -> None:
    with pytest.raises(ArtifactError, match="no model is deployed: materialize nba_ml/champion first"):
        Champion(place).load()


def cut_short(folder: UPath) -> None:
    (folder / "model.ubj").write_bytes((folder / "model.ubj").read_bytes()[:100])


def without_booster(folder: UPath) -> None:
    (folder / "model.ubj").unlink()


def with_other_features(folder: UPath) -> None:
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "features": [*card["features"][1:], "points_of_tonight"]}))


def with_half_a_card(folder: UPath) -> None:
    (folder / "card.json").write_text((folder / "card.json").read_text()[:50])


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        pytest.param(cut_short, "are not those of its card", id="booster cut short"),
        pytest.param(without_booster, "is not in", id="booster missing"),
        pytest.param(with_other_features, "was changed", id="card of other features"),
        pytest.param(with_half_a_card, "cannot be read", id="card cut short"),
    ],
)
def test_a_damaged_model_is_refused_and_the_pointer_stands(place: UPath, damage, told: str) -> None:  # type: ignore[no-untyped-def]
    store, champion = ModelStore(place), Champion(place)
    good, bad = (store.save(trained_model(seed)) for seed in (1, 2))
    champion.deploy(good, "the gates opened")
    damage(place / "models" / bad)

    with pytest.raises(ArtifactError, match=told):
        champion.deploy(bad, "the gates opened")

    assert champion.model_id == good


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        pytest.param({"xgboost_version": "0.90"}, "is of xgboost 0.90", id="other library"),
        pytest.param({"feature_hash": "0" * 16}, "other features than its card lists", id="other features"),
    ],
)
def test_a_model_of_another_library_or_other_features_is_refused(
    place: UPath, changed: dict[str, str], told: str
) -> None:
    model = trained_model(1)
    fields = {**json.loads(model.card.to_json()), **changed}
    other = TrainedModel(model.booster, ModelCard.from_json(json.dumps(fields)))
    store = ModelStore(place)

    with pytest.raises(ArtifactError, match=told):
        store.load(store.save(other))


def test_a_reader_finds_a_whole_pointer_while_it_moves(place: UPath) -> None:
    store, champion = ModelStore(place), Champion(place)
    models = [store.save(trained_model(seed)) for seed in (1, 2)]
    champion.deploy(models[0], "the gates opened")

    def move() -> None:
        for number in range(20):
            champion.deploy(models[number % 2], "the gates opened " * (number % 3))

    moving = threading.Thread(target=move)
    moving.start()
    seen = []
    while moving.is_alive():
        seen.append(Champion(place).model_id)

    assert set(seen) <= set(models)
    assert seen


def test_a_place_that_cannot_be_written_is_one_error_and_the_pointer_stands(place: UPath) -> None:
    store, champion = ModelStore(place), Champion(place)
    model = store.save(trained_model(1))
    champion.deploy(model, "the gates opened")
    elsewhere = UPath("gs://nowhere-to-be-found/models") if place.protocol == "gs" else place / "champion.json"

    with pytest.raises(ArtifactError, match="the models stored so far stand"):
        ModelStore(elsewhere).save(trained_model(2))

    assert champion.load() == store.load(model)


@pytest.mark.parametrize(
    "reading",
    [
        pytest.param(lambda root: ModelStore(root).load("a-model"), id="a model"),
        pytest.param(lambda root: Champion(root).model_id, id="the pointer"),
    ],
)
def test_a_key_file_that_is_none_is_one_error(tmp_path: Path, reading: Callable[[UPath], object]) -> None:
    key = tmp_path / "key.json"
    key.write_text("{}")
    with pytest.raises(
        ArtifactError, match=r"cannot be reached .*fix permissions or credentials, or set NBA_ARTIFACTS"
    ):
        reading(UPath("gs://nba/models", token=str(key), endpoint_url="http://127.0.0.1:1"))


def test_frames_are_not_needed_to_read_a_card(place: UPath) -> None:
    model = trained_model(1)
    assert ModelCard.from_json(model.card.to_json()) == model.card
    assert pd.Series(model.card.gain_shares).sum() == pytest.approx(1.0, abs=0.01)
