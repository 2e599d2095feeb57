# make backfill | make test | make dev | make bench; every target sets up .venv first if it has to.
PYTHON ?= python3
UV_VERSION := 0.13.9
FIRST ?= 2021-10-01
LAST ?= 2024-04-30
HOST ?= 127.0.0.1
PORT ?= 3000

VENV := .venv/bin
export DAGSTER_DISABLE_TELEMETRY := 1
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv

.PHONY: setup backfill test test-all faults audit lint dev bench emulators screenshots clean

setup: .venv/ready

.venv/ready: pyproject.toml uv.lock deploy/local/dagster.yaml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one with: make setup PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(VENV)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(VENV)/uv sync --locked --inexact --compile-bytecode --quiet
	@$(VENV)/python -m nba_assets home >/dev/null
	@touch $@

backfill: setup
	$(VENV)/python -m nba_assets backfill --first $(FIRST) --last $(LAST)

test: setup lint emulators
	$(VENV)/pytest

# Also what takes long: every fault, and three real seasons with the model.
test-all: setup lint emulators
	$(VENV)/pytest -m ""

# Servers that speak BigQuery's and Cloud Storage's protocols; tests that need them skip when this fails.
emulators: setup
	-@$(MAKE) --no-print-directory .venv-emulators/ready

.venv-emulators/ready: nba_assets_tests/emulators.txt | .venv/ready
	$(PYTHON) -m venv .venv-emulators
	$(VENV)/uv pip install --quiet --python .venv-emulators/bin/python --requirement $<
	HOME="$(CURDIR)/.venv-emulators" .venv-emulators/bin/python -c "import duckdb, pathlib, sysconfig; \
		(file,) = pathlib.Path(sysconfig.get_path('purelib')).glob('duckdb_extension_spatial/**/*.duckdb_extension'); \
		duckdb.install_extension(str(file))"
	@touch $@

lint: setup
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy
	$(VENV)/deptry .
	@home=$$(mktemp -d) && trap 'rm -rf "$$home"' EXIT && cp deploy/local/dagster.yaml "$$home" && echo dg check defs && \
		HOME="$$home" DAGSTER_HOME="$$home" VIRTUAL_ENV="$(CURDIR)/.venv" $(VENV)/dg check defs --no-check-yaml

dev: setup
	@$(VENV)/python -m nba_assets dev --host $(HOST) --port $(PORT)

# Every fault that is known, done to real runs, and a table of what came of it.
faults: setup
	$(VENV)/pytest -n 1 -m fault

# Known vulnerabilities of the locked packages; asks pypi.org.
audit: setup
	$(VENV)/uv export --locked --all-groups --no-emit-project --no-hashes --quiet --output-file .venv/locked.txt >/dev/null
	$(VENV)/uv tool run pip-audit==2.10.1 --no-deps --disable-pip --requirement .venv/locked.txt

bench: setup
	$(VENV)/python -m nba_assets_tests.bench

# The README's pictures; needs Chromium.
screenshots: setup
	$(VENV)/python -m nba_assets_tests.browser.screenshots

clean:
	rm -rf .venv
