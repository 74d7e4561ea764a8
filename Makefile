# FLIS: `make help` lists the commands. A machine needs python3.11 and make; everything else is installed here, in .venv.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

IS_3_11 := import sys; sys.exit(sys.version_info[:2] != (3, 11))
PYTHON ?= $(shell for p in python3.11 python3 python; do $$p -c '$(IS_3_11)' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
LOCKED := .venv/.locked
INSTALLED := .venv/.installed
CUBE := tests/integration/cube
WORKERS ?= 2

# Published files to receive and to test with; absent is fine, the commands say what they do without them. The one place that
# names the folder: tests without make read it here, `flis demo` without make takes the variable or generated data.
export FLIS_PUBLISHED_DATA ?= $(abspath ../shared/data/real)
# Nothing here phones home.
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DO_NOT_TRACK := 1

.PHONY: help install cube demo test prove check generate build bench lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

install: $(INSTALLED) ## set up .venv (every other command does it too)

demo: $(INSTALLED) ## receive, build and ask: published data where they are, else a generated example
	@$(BIN)/flis demo

test: $(INSTALLED) cube ## all tests, with samples and fixed seeds (under ten minutes)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

prove: $(INSTALLED) cube ## the same tests at full counts (under two hours)
	@FLIS_PROVE=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: $(INSTALLED) ## style, types, layers, definitions, generated files; no data needed
	@$(BIN)/ruff check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports
	@$(BIN)/flis catalogue check
	@$(BIN)/flis generate --check

generate: $(INSTALLED) ## write key-figure models and Cube definitions from the catalogue
	@$(BIN)/flis generate

build: $(INSTALLED) ## build a new version of the warehouse from what was received
	@$(BIN)/flis build

bench: $(INSTALLED) ## measure, side by side with baselines on this machine
	@$(BIN)/python -m benchmarks

lock: $(INSTALLED) ## choose versions anew and write the lock files
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements.in -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		-c requirements.lock requirements-dev.in -o requirements-dev.lock
	@cd $(CUBE) && npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error
	@$(BIN)/python -c 'import json, pathlib; p = pathlib.Path("$(CUBE)/package-lock.json"); lock = json.loads(p.read_text()); \
		[package.pop("funding", None) for package in lock["packages"].values()]; p.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n")'

clean: ## remove what these commands installed or cached; received data in work/ stay
	@rm -rf .venv $(CUBE)/node_modules target logs dbt_packages build dist *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@if [ -d work ]; then echo "work/ is kept: it holds received deliveries and built versions. Remove it yourself to start from nothing."; fi

$(LOCKED): requirements-dev.lock
	@if [ -z "$(PYTHON)" ] || ! $(PYTHON) -c '$(IS_3_11)' 2>/dev/null; then \
		found=$$($(or $(PYTHON),false) --version 2>/dev/null | head -n 1 || true); \
		echo "FLIS needs Python 3.11, and $(if $(PYTHON),$(PYTHON) is $${found:-not here},there is none): install it, or say where it is with make PYTHON=/path/to/python3.11." >&2; \
		exit 1; fi
	@if [ -L .venv ]; then \
		echo "The environment behind the link .venv is not what requirements-dev.lock says: remove the link to install one here, or install in $$(dirname "$$(readlink -f .venv)")." >&2; \
		exit 1; fi
	@echo "Installing locked packages in .venv (once, about a minute) …"
	@$(PYTHON) -m venv --clear .venv || { echo "$(PYTHON) cannot make a virtual environment: install its venv module (Debian: python3.11-venv)." >&2; exit 1; }
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

$(INSTALLED): $(LOCKED) pyproject.toml
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --no-index --config-settings editable_mode=compat -e .
	@touch $@

# The Cube check needs node; without it the tests that compile Cube definitions are skipped, and say so.
cube:
	@if command -v node >/dev/null && command -v npm >/dev/null; then $(MAKE) --no-print-directory -s $(CUBE)/node_modules/.installed; \
		else echo "node is not here: the check of the Cube definitions in Cube's own compiler is skipped."; fi

$(CUBE)/node_modules/.installed: $(CUBE)/package-lock.json
	@echo "Installing Cube's compiler from npm (once) …"
	@cd $(CUBE) && npm ci --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error
	@touch $@
