"""The landing folder under gs://, through gcsfs, on a Cloud Storage protocol server.

The server knows no credentials, so none are tested; it has no moveTo, for which gcsfs copies and deletes instead.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from upath import UPath

from nba_assets.sources.balldontlie import Balldontlie
from nba_assets.sources.errors import SourceError
from nba_assets.sources.landing import Landing
from nba_assets_tests.conftest import ScriptedWeb
from nba_assets_tests.emulators import storage_emulator
from nba_assets_tests.sources.test_balldontlie import BOX_ROW, CHRISTMAS, GAME, page


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with storage_emulator("nba") as address:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # asks a service the server does not have
        monkeypatch.setenv("NO_GCE_CHECK", "true")
        yield "gs://nba"


def test_a_week_kept_in_a_bucket_is_read_back_and_can_be_set_aside(bucket: str, web: ScriptedWeb) -> None:
    web.answer = lambda path: page(GAME) if "/games" in path else page(BOX_ROW)
    source = Balldontlie(api_key="a-key", base_url=web.url, landing=f"{bucket}/landing", requests_per_minute=60_000)
    source.open()
    for _ in range(2):
        assert len(source.games(CHRISTMAS, refresh=False)) == 1
        assert len(source.box_scores(CHRISTMAS, closed=True, refresh=False)) == 1
    assert len(web.paths) == 2
    (kept,) = UPath(f"{bucket}/landing").glob("**/games-0001.json")
    landing = Landing(kept.parent.parent)
    landing.set_aside(CHRISTMAS, "games", "refused")
    assert landing.page(CHRISTMAS, "games", 1) is None
    (evidence,) = kept.parent.glob("refused-*-games-0001.json")
    assert b'"data"' in evidence.read_bytes()


def test_a_key_file_that_is_none_is_one_error_that_names_the_week(tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    key.write_text("{}")
    landing = Landing(UPath("gs://nba/landing", token=str(key), endpoint_url="http://127.0.0.1:1"))
    with pytest.raises(SourceError, match=f"week {CHRISTMAS}: the answer cannot be kept at gs://nba/landing/"):
        landing.keep(CHRISTMAS, "games", 1, {"body": {}})
