# Everything is set up on the way: a fresh machine needs only Python, pip and make.

PYTHON  ?= python3
WORKERS ?= 2
VENV    := .venv
BIN     := $(VENV)/bin
PEERS   := .venv-bench

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

test-all: lint ## the same with every variant, by machine code too, and the long fuzz (hours)
	$(BIN)/pytest -q -n $(WORKERS) -m ""
	ADC_BACKEND=llvm $(BIN)/pytest -q -n $(WORKERS) tests/test_programs.py

# Peers that cannot be had are skipped, and the tables say so.
bench: $(PEERS)/.ready ## measure gradients against the peers' and those by hand (minutes)
	$(PEERS)/bin/python -m bench --json build/bench.json

fuzz: $(VENV)/.test ## differentiate 20,000 random programs by each backend (hours)
	ADC_BACKEND=numpy $(BIN)/python -m tests.fuzz.run --count 20000 --variants --second-order
	ADC_BACKEND=llvm $(BIN)/python -m tests.fuzz.run --count 20000

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
	rm -rf $(VENV) $(PEERS) build dist examples/out .mypy_cache .pytest_cache .ruff_cache

# One stamp per extra: installed anew when pyproject.toml changes.
$(VENV)/.test $(VENV)/.demo: $(VENV)/.%: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[$*]"
	@touch $@

# The peers have their own environment. Of PyTorch, nothing but the build for the CPU.
$(PEERS)/.ready: pyproject.toml
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --disable-pip-version-check -e ".[test]" \
	  "pytest-benchmark>=5"
	for peer in "numba>=0.68" "jax>=0.10" "autograd>=1.7" "torch==2.13.0+cpu"; do \
	  $(PEERS)/bin/pip install --quiet --disable-pip-version-check "$$peer" \
	    || echo "not installed, and left out: $$peer"; \
	done
	@touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
