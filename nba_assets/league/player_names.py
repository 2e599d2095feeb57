"""Normalized player names, to join sources that spell them differently."""

import re
import unicodedata

_SUFFIXES = {"jr", "sr", "ii", "iii", "iv", "v"}
# Letters that Unicode does not decompose into a base letter and an accent.
_UNDECOMPOSED = str.maketrans({"đ": "d", "ð": "d", "ø": "o", "ł": "l", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"})

# First names that one source shortens and another spells out.
_NICKNAMES = {"alex": "alexandre", "herb": "herbert", "moe": "moritz", "nic": "nicolas"}
# Umlauts are written in two ways: Pöltl, whose lookup is "poltl", and Poeltl.
_TRANSLITERATIONS = (("ae", "a"), ("oe", "o"), ("ue", "u"))


def player_lookup(player_name: str) -> str:
    """The name without accents, capitals, punctuation and generation: "Luka Dončić" gives "luka doncic".

    A hyphen becomes a blank; periods and apostrophes are removed; initials are joined ("P. J." and "PJ" are equal);
    "Jr.", "Sr." and "II" to "V" are dropped from the end. A text without letters gives "".
    """
    return _name_and_generation(player_name)[0]


def player_key(player_name: str) -> str:
    """`player_lookup` with the generation: "Jaren Jackson Jr." gives "jaren jackson jr", his father "jaren jackson"."""
    return " ".join(filter(None, _name_and_generation(player_name)))


def loose_lookup(player_name: str) -> str:
    """One text for all spellings of a name: Herb and Herbert Jones, Poeltl and Pöltl, Yao Ming and Ming Yao.

    Different people may share it, so use it only among the players of one team.
    """
    words = [_NICKNAMES.get(word, word) for word in player_lookup(player_name).split()]
    for written, letter in _TRANSLITERATIONS:
        words = [word.replace(written, letter) for word in words]
    return " ".join(sorted(words))


def _name_and_generation(player_name: str) -> tuple[str, str]:
    joined = re.sub("[.'`\u2018\u2019\u00b4]", "", player_name)
    bare = unicodedata.normalize("NFKD", joined.casefold()).translate(_UNDECOMPOSED)
    words = re.sub(r"[\W_]+", " ", "".join(letter for letter in bare if not unicodedata.combining(letter))).split()
    end = len(words)
    while end > 1 and words[end - 1] in _SUFFIXES:
        end -= 1
    return re.sub(r"\b(\w) (?=\w\b)", r"\1", " ".join(words[:end])), " ".join(words[end:])
