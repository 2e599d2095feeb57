"""Names, home countries and colleges of the sample league's players. All fictional; real ones are chance."""

from __future__ import annotations

import unicodedata

import numpy as np

_AMERICAN = (
    "Aaron Alonzo Amari Andre Ben Brandon Brice Caleb Cameron Carter Corey Dante Darius Davion De'Andre Deshawn "
    "Donovan Elijah Emmett Garrett Grant Hunter Isaiah Ja'Mari Jalen Jaylen Jordan Josiah Kendrick Khalil Landon "
    "Lamar Malik Marcus Micah Nate Quentin Rashad Reggie Terrence Tre Trevor Tyrell Wesley Xavier Zeke",
    "Abernathy Ashford Baptiste Beckett Blackwood Boone Bridgewater Calloway Carrington Chambers Cobb Crenshaw "
    "Daniels Dawkins Dunmore Easterling Ellington Fairchild Fontenot Garland Gaines Goodwin Hargrove Hawthorne "
    "Holloway Hollis Ingleby Jefferson Kincaid Langston Ledbetter Lockhart Mayfield McAllister McCray Merriweather "
    "Montague Nightingale O'Bannon Oakley Pemberton Pettway Prescott Quarles Ransom Redding Rutherford Sampson "
    "Shaw-Miller Stallworth Sterling Thornton Tillman Underwood Vance Wakefield Weatherspoon Whitlock Winslow Yancey",
)
_ABROAD = {
    "au": ("Angus Callum Lachlan Noah", "Barlow Cavanagh Fitzgibbon Hartigan Maddern"),
    "ca": ("Devonte Étienne Liam Olivier", "Beauchamp Campbell Gauthier Lalonde Tremblay-Reid"),
    "cm": ("Christian Landry Ulrich Yves", "Ekambi Mbarga Ndongo Nkoulou Tchamba"),
    "de": ("Felix Jonas Lukas Moritz", "Brandt Krämer Lindner Schäfer Vögel"),
    "es": ("Álvaro Íñigo Jaime Sergio", "Benítez Cañadas Fernández Ibáñez Muñoz"),
    "fr": ("Clément Hugo Mathéo Théo", "Beaulieu Chevalier Lefèvre Moreau N'Diaye"),
    "gr": ("Dimitris Ioannis Kostas Nikos", "Alexiou Karras Manolakis Pappas Vlachos"),
    "hr": ("Ante Duje Ivan Luka", "Babić Horvat Kovačić Matić Šarić-Lovrić"),
    "lt": ("Domantas Jonas Lukas Rokas", "Jankauskas Kazlauskas Petrauskas Urbonas Žukas"),
    "lv": ("Artūrs Jānis Kārlis Rihards", "Bērziņš Kalniņš Liepiņš Ozols Vītols"),
    "ng": ("Chidi Emeka Tobenna Uchenna", "Adeyemi Eze Nwosu Obiora Okonjo"),
    "rs": ("Bogdan Miloš Nemanja Vuk", "Ilić Jović Lukić Petrović Stojković"),
    "si": ("Jaka Matej Rok Žiga", "Kovač Novak Potočnik Zupan Žnidaršič"),
    "tr": ("Berk Emre Mert Yiğit", "Aydemir Çelik Güneş Öztürk Şahin"),
}
_SUFFIXES = ("", "Jr.", "III", "II", "IV")
_SUFFIX_SHARE = (0.90, 0.06, 0.025, 0.01, 0.005)
_SHARE_FROM_ABROAD = 0.22
COLLEGES = [
    "Alabama",
    "Arizona",
    "Arkansas",
    "Auburn",
    "Baylor",
    "Colorado",
    "Creighton",
    "Dayton",
    "Duke",
    "Florida",
    "Florida State",
    "Georgetown",
    "Gonzaga",
    "Houston",
    "Illinois",
    "Indiana",
    "Iowa State",
    "Kansas",
    "Kentucky",
    "LSU",
    "Memphis",
    "Michigan",
    "Michigan State",
    "North Carolina",
    "Ohio State",
    "Oregon",
    "Purdue",
    "San Diego State",
    "Stanford",
    "Tennessee",
    "Texas",
    "UCLA",
    "UConn",
    "USC",
    "Villanova",
    "Virginia",
    "Wake Forest",
    "Wisconsin",
]


def names_and_countries(rng: np.random.Generator) -> list[tuple[str, str]]:
    """Every name the league can give, shuffled, with the country it comes from; no first and last name twice."""
    pools = {"us": _AMERICAN} | _ABROAD
    names = [
        (f"{first} {last}", country)
        for country, (firsts, lasts) in pools.items()
        for first in firsts.split()
        for last in lasts.split()
    ]
    abroad = np.array([country != "us" for _, country in names])
    share = np.where(abroad, _SHARE_FROM_ABROAD / abroad.sum(), (1 - _SHARE_FROM_ABROAD) / (~abroad).sum())
    order = rng.choice(len(names), len(names), replace=False, p=share)
    suffixes = rng.choice(_SUFFIXES, len(names), p=_SUFFIX_SHARE)
    return [
        (f"{names[index][0]} {suffix}".strip() if names[index][1] == "us" else names[index][0], names[index][1])
        for index, suffix in zip(order, suffixes, strict=True)
    ]


def without_accents(name: str) -> str:
    """The name in plain letters, as the injury report prints it: Luka Babić is Luka Babic."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
