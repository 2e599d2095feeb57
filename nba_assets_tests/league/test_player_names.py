import pytest

from nba_assets.league.player_names import loose_lookup, player_key, player_lookup


@pytest.mark.parametrize(
    ("player_name", "lookup"),
    [
        ("Luka Dončić", "luka doncic"),
        ("LUKA DONCIC", "luka doncic"),
        ("  Luka   Doncic ", "luka doncic"),
        ("Nikola Đurišić", "nikola durisic"),
        ("Alperen Şengün", "alperen sengun"),
        ("Jaren Jackson Jr.", "jaren jackson"),
        ("Jaren Jackson, Jr", "jaren jackson"),
        ("Marcus Morris Sr.", "marcus morris"),
        ("Gary Payton II", "gary payton"),
        ("Lonnie Walker IV", "lonnie walker"),
        ("V.J. Edgecombe", "vj edgecombe"),
        ("P. J. Washington", "pj washington"),
        ("PJ Washington Jr.", "pj washington"),
        ("De'Aaron Fox", "deaaron fox"),
        ("De\u2019Aaron Fox", "deaaron fox"),
        ("Shai Gilgeous-Alexander", "shai gilgeous alexander"),
        ("Shai Gilgeous Alexander", "shai gilgeous alexander"),
        ("Nenê", "nene"),
        ("Jr.", "jr"),
        ("", ""),
        (" - ", ""),
    ],
)
def test_the_key_ignores_accents_capitals_punctuation_and_generation(player_name: str, lookup: str) -> None:
    assert player_lookup(player_name) == lookup


def test_the_key_of_a_key_is_itself() -> None:
    assert player_lookup(player_lookup("Robert Williams III")) == player_lookup("Robert Williams III")


def test_brothers_stay_apart() -> None:
    assert player_lookup("Jalen Williams") != player_lookup("Jaylin Williams")


def test_the_key_of_a_roster_tells_father_and_son_apart() -> None:
    sons = ("Jaren Jackson Jr.", "Jaren Jackson, Jr", "JAREN JACKSON JR")
    assert {player_key(name) for name in sons} == {"jaren jackson jr"}
    assert player_key("Jaren Jackson") == "jaren jackson"
    assert player_key("P. J. Washington V") == "pj washington v"
    assert player_key(player_key("Robert Williams III")) == "robert williams iii"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Herb Jones", "Herbert Jones"),
        ("Nic Batum", "Nicolas Batum"),
        ("Alex Sarr", "Alexandre Sarr"),
        ("Moe Wagner", "Moritz Wagner"),
        ("Jakob Poeltl", "Jakob Pöltl"),
        ("Yao Ming", "Ming Yao"),
    ],
)
def test_spellings_of_one_name_have_one_loose_lookup(one: str, other: str) -> None:
    assert player_lookup(one) != player_lookup(other)
    assert loose_lookup(one) == loose_lookup(other)


def test_brothers_stay_apart_loosely_too() -> None:
    assert loose_lookup("Moritz Wagner") != loose_lookup("Franz Wagner")
    assert loose_lookup("Jalen Williams") != loose_lookup("Jaylin Williams")
