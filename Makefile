# Each target sets up .venv by itself, once. In an active conda environment (not base) that environment is used instead.
.DEFAULT_GOAL := book
.PHONY: book test lint bench pdf links clean install lab site
SHELL := /bin/bash

ifneq ($(and $(CONDA_PREFIX),$(filter-out base,$(CONDA_DEFAULT_ENV))),)
ENVIRONMENT := $(CONDA_PREFIX)
else
ENVIRONMENT := .venv
endif
BIN := $(ENVIRONMENT)/bin
PYTHON := $(BIN)/python
INSTALLED := $(ENVIRONMENT)/.recscale-installed
PIP := $(PYTHON) -m pip --quiet --disable-pip-version-check --no-input
TEST_OPTIONS ?=

book: install
	@$(BIN)/recscale book build

test: install
	@$(BIN)/lint-imports
	@OMP_NUM_THREADS=1 $(PYTHON) -m pytest --numprocesses 2 --dist worksteal $(TEST_OPTIONS)

lint: install
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

bench: install
	@for script in benchmarks/*.py; do echo "== $$script"; $(PYTHON) $$script || exit 1; done

pdf: book
	@$(BIN)/recscale book pdf

links: install
	@$(BIN)/recscale book links

# JupyterLab in this environment, in the folder of the chapters.
lab: $(ENVIRONMENT)/.recscale-lab
	@$(BIN)/jupyter lab --notebook-dir book

$(ENVIRONMENT)/.recscale-lab: requirements-lab.lock | install
	@$(PIP) install --constraint requirements.lock -r requirements-lab.lock
	@touch $@

# The pages in one archive, ready to publish.
site: book
	@$(BIN)/recscale book archive

clean:
	rm -rf _build .pytest_cache .ruff_cache .import_linter_cache .hypothesis

install: $(INSTALLED)

$(INSTALLED): requirements.lock pyproject.toml | $(PYTHON)
	@echo "installing into $(ENVIRONMENT); torch is large, so this takes some minutes the first time"
	@grep -v '^torchrec==' requirements.lock > $(ENVIRONMENT)/requirements-with-dependencies.txt
	@grep '^torchrec==' requirements.lock > $(ENVIRONMENT)/requirements-alone.txt
	@$(PIP) install -r $(ENVIRONMENT)/requirements-with-dependencies.txt
	@$(PIP) install --no-deps -r $(ENVIRONMENT)/requirements-alone.txt
	@$(PIP) install --no-deps --editable .
	@touch $@

# The first Python on the path that is new enough and can make a virtual environment.
.venv/bin/python:
	@for candidate in python3.11 python3.12 python3.13 python3 python; do \
	  if $$candidate -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    $$candidate -m venv .venv && exit 0; \
	  fi; \
	done; \
	echo "no Python 3.11 or later that can make virtual environments was found (on Debian: apt install python3-venv)" >&2; exit 1
