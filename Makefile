# `make demo` shows it, `make test` proves it. Both call `make setup` first.
.PHONY: help setup demo stack test test-all ready collect check lint types imports parts warm format bench clean

VENV := .venv
BIN := $(VENV)/bin
export UV_PYTHON_DOWNLOADS := never
# Tests and demo start hundreds of Pythons. Where an image says that none may keep what it compiled, each
# takes twice as long to start.
export PYTHONDONTWRITEBYTECODE :=

help: ## what can be made here
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## virtual environment with all distributions, as uv.lock pins them
	@uv=$$(deploy/find-uv.sh) && "$$uv" sync --locked --quiet
	@echo "setup: $(BIN)/lamppost is ready"

demo: setup ## a small city with a leak and a stuck sensor, on http://127.0.0.1:8080
	@deploy/debian-packages.sh mosquitto:mosquitto
	$(BIN)/lamppost demo

stack: ## mosquitto, InfluxDB, Grafana, aggregator and a simulated city, where Docker is
	@deploy/stack/stack.sh

parts:
	@deploy/debian-packages.sh mosquitto:mosquitto influxdb:influxd chromium:chromium

check: lint types imports

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# A run for each folder, since two of them may have a test module of the same name.
types:
	@set -e; for room in wire edge aggregator register firmware-sim dashboards benchmarks tests; do \
		$(BIN)/mypy --no-error-summary $$room; done; echo "types: no issues"

imports:
	$(BIN)/lint-imports

# Kernels are compiled before the tests, by one process: several that compile the same at once have
# crashed Numba. One core is busy with it for a minute; what is checked without running needs the other.
warm:
	@$(BIN)/python -c "from lamppost.aggregator.warm import warm; warm()"

# Each worker imports all tests. What Python makes of them and of the libraries is kept, so that it is
# made once; what cannot be imported the tests tell.
collect:
	@$(BIN)/pytest --collect-only -q >/dev/null || true

ready: setup parts
	@$(MAKE) --no-print-directory --jobs=2 warm check collect

# Three at a time, whatever the machine: tests start servers of their own, and wait more than they work.
TESTS := $(BIN)/pytest -n 3 --dist worksteal

test: ready ## everything but the long gates; what CI runs
	$(TESTS)

test-all: ready ## the long gates too
	$(TESTS) -m "slow or not slow" --hypothesis-profile=search

bench: setup parts ## each figure beside a peer, as JSON
	$(BIN)/lamppost bench decode --json
	$(BIN)/lamppost bench ingest --json
	$(BIN)/lamppost bench edge --json

format: setup ## format and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## everything that was made
	rm -rf $(VENV) .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .lamppost
