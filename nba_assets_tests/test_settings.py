from pathlib import Path

import pytest

from nba_assets.definitions import box_score_source, build_definitions
from nba_assets.errors import SettingsError
from nba_assets.settings import REPOSITORY, AlertSettings, Settings, positive_integer
from nba_assets.sources.balldontlie import Balldontlie


def test_nothing_set_means_the_sample_league_under_var() -> None:
    settings = Settings.from_environment({})
    assert settings.source == "sample"
    assert settings.data == REPOSITORY / "var"
    assert settings.warehouse_path == REPOSITORY / "var" / "sample.duckdb"
    assert str(settings.landing) == str(REPOSITORY / "var" / "landing")
    assert settings.balldontlie_base_url == "https://api.balldontlie.io"
    assert settings.balldontlie_requests_per_minute == 60


@pytest.mark.parametrize(
    ("variables", "limit"),
    [
        ({"BALLDONTLIE_TIER": "free"}, 5),
        ({"BALLDONTLIE_TIER": "all-star"}, 60),
        ({"BALLDONTLIE_TIER": "goat"}, 600),
        ({"BALLDONTLIE_TIER": "goat", "BALLDONTLIE_REQUESTS_PER_MINUTE": "90"}, 90),
    ],
)
def test_the_tier_sets_the_request_limit_unless_a_number_does(variables: dict[str, str], limit: int) -> None:
    settings = Settings.from_environment({"NBA_SOURCE": "balldontlie", **variables})
    source = box_score_source(settings)
    assert isinstance(source, Balldontlie)
    assert source.requests_per_minute == settings.balldontlie_requests_per_minute == limit


def test_an_empty_variable_counts_as_not_set() -> None:
    names = ["NBA_DATA", "NBA_SOURCE", "NBA_LANDING", "NBA_WAREHOUSE_PATH", "BALLDONTLIE_BASE_URL"]
    names += ["BALLDONTLIE_REQUESTS_PER_MINUTE", "BALLDONTLIE_API_KEY", "BALLDONTLIE_TIER"]
    assert Settings.from_environment(dict.fromkeys(names, "")) == Settings.from_environment({})


def test_real_and_simulated_rows_never_share_a_file() -> None:
    paths = {
        Settings.from_environment({"NBA_SOURCE": source, "NBA_DATA": "/data"}).warehouse_path
        for source in ("sample", "balldontlie")
    }
    assert paths == {Path("/data/sample.duckdb"), Path("/data/balldontlie.duckdb")}


def test_every_variable_is_read() -> None:
    settings = Settings.from_environment(
        {
            "NBA_DATA": "/data",
            "NBA_SOURCE": "balldontlie",
            "NBA_LANDING": "gs://bucket/landing",
            "NBA_WAREHOUSE_PATH": "/fast/nba.duckdb",
            "BALLDONTLIE_API_KEY": "secret",
            "BALLDONTLIE_BASE_URL": "http://127.0.0.1:8000",
            "BALLDONTLIE_REQUESTS_PER_MINUTE": "60",
        }
    )
    assert (settings.data, settings.warehouse_path) == (Path("/data"), Path("/fast/nba.duckdb"))
    assert str(settings.landing) == "gs://bucket/landing"
    assert (settings.balldontlie_api_key.get_secret_value(), settings.balldontlie_requests_per_minute) == ("secret", 60)
    assert settings.balldontlie_base_url == "http://127.0.0.1:8000"


REAL = ("https://ak-static.cms.nba.com", "https://www.basketball-reference.com")
STAND_IN = "http://127.0.0.1:8099"


@pytest.mark.parametrize(
    ("variables", "addresses"),
    [
        pytest.param({}, REAL, id="the real hosts"),
        pytest.param({"BALLDONTLIE_BASE_URL": STAND_IN}, (STAND_IN, STAND_IN), id="a stand-in serves all three"),
        pytest.param(
            {"BALLDONTLIE_BASE_URL": STAND_IN, "NBA_INJURY_BASE_URL": "http://reports"},
            ("http://reports", STAND_IN),
            id="each can be named",
        ),
        pytest.param({"BASKETBALL_REFERENCE_BASE_URL": STAND_IN}, (REAL[0], STAND_IN), id="one alone"),
    ],
)
def test_with_a_stand_in_no_request_reaches_a_real_host(variables: dict[str, str], addresses: tuple[str, str]) -> None:
    settings = Settings.from_environment(variables)
    assert (settings.injury_base_url, settings.basketball_reference_base_url) == addresses


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("NBA_SOURCE", "espn", "NBA_SOURCE='espn': use one of sample, balldontlie"),
        ("BALLDONTLIE_TIER", "gold", "use one of free, all-star, goat"),
        ("BALLDONTLIE_REQUESTS_PER_MINUTE", "0", "use a whole number from 1 up"),
        ("BALLDONTLIE_REQUESTS_PER_MINUTE", "many", "use a whole number from 1 up"),
    ],
)
def test_an_unusable_value_is_refused_by_name(name: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as error:
        Settings.from_environment({name: value})
    assert str(error.value).startswith(f"{name}={value!r}")


@pytest.mark.parametrize("value", ["\N{SUPERSCRIPT TWO}", "\N{ARABIC-INDIC DIGIT THREE}x", " 3", "+3"])
def test_a_number_is_plain_digits(value: str) -> None:
    with pytest.raises(SettingsError):
        positive_integer({"N": value}, "N", 1)


def test_bigquery_is_used_when_asked_for_and_never_mixes_real_and_simulated_rows() -> None:
    assert Settings.from_environment({}).bigquery is None
    chosen = {"NBA_WAREHOUSE": "bigquery", "NBA_BIGQUERY_PROJECT": "a-project"}
    simulated = Settings.from_environment(chosen).bigquery
    real = Settings.from_environment(
        chosen | {"NBA_SOURCE": "balldontlie", "NBA_MAX_BYTES_BILLED": "20000000"}
    ).bigquery
    assert simulated and real
    assert (simulated.project, simulated.location, simulated.max_bytes_billed) == ("a-project", "US", None)
    assert (simulated.dataset_prefix, real.dataset_prefix, real.max_bytes_billed) == ("sample_", "", 20_000_000)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("NBA_BIGQUERY_PROJECT", "", "NBA_WAREHOUSE=bigquery needs NBA_BIGQUERY_PROJECT"),
        ("NBA_DATASET_PREFIX", "x; DROP", "NBA_DATASET_PREFIX='x; DROP': use letters, digits and underscores"),
        ("NBA_MAX_BYTES_BILLED", "1 GB", "NBA_MAX_BYTES_BILLED='1 GB': use a whole number"),
        ("NBA_WAREHOUSE", "oracle", "NBA_WAREHOUSE='oracle': use one of duckdb, bigquery"),
    ],
)
def test_an_unusable_bigquery_setting_is_refused_by_name(name: str, value: str, told: str) -> None:
    environment = {"NBA_WAREHOUSE": "bigquery", "NBA_BIGQUERY_PROJECT": "a-project", name: value}
    with pytest.raises(SettingsError, match=told):
        Settings.from_environment(environment)


def test_alerts_go_only_to_the_log_by_default() -> None:
    alerts = Settings.from_environment({"NBA_DAGIT_URL": "https://dagit.example.org/"}).alerts
    assert alerts == AlertSettings.read({"NBA_DAGIT_URL": "https://dagit.example.org"})
    assert not (alerts.webhook_url or alerts.email or alerts.smtp_url)
    assert alerts.dagit_url == "https://dagit.example.org"


def test_alert_secrets_are_read_and_not_shown() -> None:
    webhook = Settings.from_environment({"NBA_ALERT_WEBHOOK_URL": " https://hooks.example.org/very-secret\n"})
    assert webhook.alerts.webhook_url.get_secret_value() == "https://hooks.example.org/very-secret"
    mail = Settings.from_environment(
        {"NBA_ALERT_EMAIL": "me@example.org", "NBA_SMTP_URL": "smtps://me:very-secret@mail"}
    )
    assert mail.alerts.smtp_url.get_secret_value() == "smtps://me:very-secret@mail"
    assert "very-secret" not in repr(webhook) + repr(mail)


def test_no_secret_is_in_the_repr_of_settings_and_sources() -> None:
    settings = Settings.from_environment(
        {
            "NBA_SOURCE": "balldontlie",
            "BALLDONTLIE_API_KEY": "very-secret",
            "NBA_ALERT_EMAIL": "me@example.org",
            "NBA_SMTP_URL": "smtps://me:very-secret@mail",
        }
    )
    shown = [settings, settings.alerts, settings.balldontlie_api_key, settings.model_dump(), settings.model_dump_json()]
    for it in [*shown, *(build_definitions(settings).resources or {}).values()]:
        assert "very-secret" not in repr(it) + str(it)


@pytest.mark.parametrize(
    "name",
    [
        "BALLDONTLIE_BASE_URL",
        "NBA_INJURY_BASE_URL",
        "BASKETBALL_REFERENCE_BASE_URL",
        "NBA_DAGIT_URL",
        "NBA_LANDING",
        "NBA_ARTIFACTS",
        "NBA_BIGQUERY_ENDPOINT",
    ],
)
@pytest.mark.parametrize("value", ["https://me:very-secret@host", "https://me:very-secret@[host"])
def test_an_address_with_a_password_is_refused_without_repeating_it(name: str, value: str) -> None:
    bigquery = {"NBA_WAREHOUSE": "bigquery", "NBA_BIGQUERY_PROJECT": "a-project"}
    with pytest.raises(SettingsError, match=f"^{name} holds an @.*: use an address without") as error:
        Settings.from_environment({**bigquery, name: value})
    assert "very-secret" not in str(error.value)
    assert error.value.__suppress_context__  # a traceback would show pydantic's own text


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"NBA_SOURCE": "a\nb"}, r"NBA_SOURCE='a\nb': use one of sample, balldontlie"),
        ({"NBA_LANDING": "foo://x"}, "NBA_LANDING='foo://x': use a folder, or a bucket URL such as gs://bucket/folder"),
        (
            {"BALLDONTLIE_API_KEY": "very\nsecret"},
            "BALLDONTLIE_API_KEY holds characters that no key has: copy it again",
        ),
        (
            {"BALLDONTLIE_BASE_URL": "host"},
            "BALLDONTLIE_BASE_URL='host': use an address such as https://api.balldontlie.io",
        ),
        ({"NBA_SOURCE": "x", "BALLDONTLIE_REQUESTS_PER_MINUTE": "y"}, "NBA_SOURCE='x': use one of sample, balldontlie"),
    ],
)
def test_every_settings_error_is_one_line(variables: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_environment(variables)
    assert str(error.value) == told


def test_a_variable_named_like_a_field_is_ignored() -> None:
    assert Settings.from_environment({"alerts": "{", "source": "x", "bigquery": "1"}) == Settings.from_environment({})


def test_the_real_address_set_explicitly_is_no_stand_in() -> None:
    settings = Settings.from_environment({"BALLDONTLIE_BASE_URL": "https://api.balldontlie.io"})
    assert (settings.injury_base_url, settings.basketball_reference_base_url) == REAL


HOOK = "https://hooks.example.org/very-secret"


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"NBA_ALERT_WEBHOOK_URL": "hooks.example.org/very-secret"}, "NBA_ALERT_WEBHOOK_URL holds no address that"),
        ({"NBA_ALERT_WEBHOOK_URL": "https://a:very-secret/x"}, "begins with http:// or https://"),
        ({"NBA_SMTP_URL": "https://me:very-secret@mail"}, "NBA_SMTP_URL holds no address that begins with smtp://"),
        ({"NBA_ALERT_EMAIL": "me@example.org"}, "NBA_ALERT_EMAIL needs NBA_SMTP_URL"),
        ({"NBA_ALERT_EMAIL": "me", "NBA_SMTP_URL": "smtp://mail"}, "NBA_ALERT_EMAIL='me': use addresses"),
        (
            {"NBA_ALERT_WEBHOOK_URL": HOOK, "NBA_ALERT_EMAIL": "me@example.org", "NBA_SMTP_URL": "smtp://mail"},
            "are both set: choose one",
        ),
        ({"NBA_DAGIT_URL": "dagit"}, "NBA_DAGIT_URL='dagit': use an address"),
    ],
)
def test_unusable_alert_settings_are_refused_without_repeating_a_secret(variables: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=told) as error:
        Settings.from_environment(variables)
    assert "very-secret" not in str(error.value)
