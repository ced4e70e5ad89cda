# Everything a newcomer needs: `make demo` runs the main job, `make test` passes the tests.
# Both set themselves up: Python 3.11 or newer and git are all they expect.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Without setuptools' page of advice about editable installations.
PIP := PYTHONWARNINGS=ignore $(BIN)/python -m pip --disable-pip-version-check --quiet
CONSTRAINTS := deploy/constraints.txt
WORKERS ?= 2

.PHONY: demo test quick lint bench mutants clean help

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

demo: $(VENV)/.runtime ## the main job on an embedded GitHub; `make demo ARGS=--once` exits afterwards
	$(BIN)/harness demo $(ARGS)

test: $(VENV)/.dev lint ## every check: style, types, architecture, all tests
	$(BIN)/pytest -n $(WORKERS) $(ARGS)

quick: $(VENV)/.dev ## the tests that need no process, database or browser
	$(BIN)/pytest -n $(WORKERS) tests/unit $(ARGS)

lint: $(VENV)/.dev ## style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.dev ## the figures of the README, as ratios taken side by side in one run
	$(BIN)/python -m tests.benchmarks $(ARGS)

mutants: $(VENV)/.mutants ## how many small faults in bot/findings do its tests notice? MODULES='touch moves' for a part
	$(BIN)/python -m tests.mutants $(ARGS) $(MODULES)

clean: ## forget the environment
	rm -rf $(VENV)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is not Python 3.11 or newer: make $(or $(MAKECMDGOALS),demo) PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(PIP) install --upgrade 'pip>=25.1'

$(VENV)/.runtime: pyproject.toml $(CONSTRAINTS) | $(VENV)/bin/python
	$(PIP) install --constraint $(CONSTRAINTS) --editable '.[fast]'
	@touch $@

$(VENV)/.dev: pyproject.toml $(CONSTRAINTS) | $(VENV)/bin/python
	$(PIP) install --constraint $(CONSTRAINTS) --editable '.[fast]' --group dev
	@touch $@ $(VENV)/.runtime

$(VENV)/.mutants: $(VENV)/.dev
	$(PIP) install --constraint $(CONSTRAINTS) --group mutants
	@touch $@
