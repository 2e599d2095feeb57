import pandas as pd
import pytest

from nba_assets.errors import BadRow
from nba_assets.transforms.minutes import minutes_played


def box_scores(*minutes: str | None) -> pd.DataFrame:
    return pd.DataFrame(
        {"game_id": 7, "game_date": "2021-12-17", "player_id": range(len(minutes)), "minutes": list(minutes)}
    )


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("34", 34.0), ("34:21", 34.35), ("7", 7.0), ("00", 0.0), ("0", 0.0), ("0:30", 0.5), ("00:00", 0.0), ("65", 65.0)],
)
def test_minutes_are_read_from_text(text: str, minutes: float) -> None:
    assert minutes_played(box_scores(text)).tolist() == [pytest.approx(minutes)]


def test_null_stays_null_beside_numbers() -> None:
    read = minutes_played(box_scores("34", None, "00"))
    assert read.dtype == "float64"
    assert read.isna().tolist() == [False, True, False]
    assert minutes_played(box_scores(None)).isna().all()


def test_no_rows_give_no_minutes() -> None:
    assert minutes_played(box_scores()).empty


@pytest.mark.parametrize("text", ["abc", "34:60", "34:5", "-3", "3.5", "340", "34:21:00", " 34", "34\n", "NaN"])
def test_any_other_text_is_an_error_that_names_the_row(text: str) -> None:
    with pytest.raises(BadRow) as error:
        minutes_played(box_scores("34", text))
    assert f"game 7 of 2021-12-17, player 1: minutes {text!r}" in str(error.value)
