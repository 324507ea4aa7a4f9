# Everything is set up on the way: a fresh machine needs only Python, pip and make.

PYTHON  ?= python3
WORKERS ?= 2
VENV    := .venv
BIN     := $(VENV)/bin

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-all bench fuzz lint format golden clean

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' \
	  '{ printf "make %-9s  %s\n", $$1, $$2 }'

demo: $(VENV)/.demo ## differentiate, check and train a classifier of handwritten digits
	$(BIN)/python examples/digits.py

test: lint ## lint, then run doctests and tests (minutes)
	$(BIN)/pytest -q -n $(WORKERS)

test-all: lint ## the same with every variant and the long fuzz (hours)
	$(BIN)/pytest -q -n $(WORKERS) -m ""

bench: $(VENV)/.test ## measure compile times, and gradients against those by hand
	$(BIN)/python -m bench

fuzz: $(VENV)/.test ## differentiate 20,000 random programs and their variants (hours)
	$(BIN)/python -m tests.fuzz.run --count 20000 --variants --second-order

lint: $(VENV)/.test ## check style, types and architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.test ## format the sources and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(VENV)/.test ## write the golden files anew; read the difference before committing
	$(BIN)/pytest -q tests -k golden --update-golden

clean: ## remove the virtual environment and all that was built
	rm -rf $(VENV) build dist examples/out .mypy_cache .pytest_cache .ruff_cache

# One stamp per extra: installed anew when pyproject.toml changes.
$(VENV)/.test $(VENV)/.demo: $(VENV)/.%: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[$*]"
	@touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
