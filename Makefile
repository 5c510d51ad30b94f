# Everything a developer and CI runs. `make check` before every commit (at most 90 s), `make test` is what CI runs.
PYTHON ?= .venv/bin/python
BIN := $(dir $(PYTHON))

.PHONY: install check test bench schemas format

install:
	python3 -m venv .venv
	$(PYTHON) -m pip install --quiet --editable '.[dev]'

format:
	$(BIN)ruff format src tests bench scripts
	$(BIN)ruff check --fix --quiet src tests bench scripts

check:
	$(BIN)ruff format --check --quiet src tests bench scripts
	$(BIN)ruff check --quiet src tests bench scripts
	$(BIN)lint-imports --no-cache > /dev/null || $(BIN)lint-imports --no-cache
	$(PYTHON) scripts/style.py
	$(PYTHON) scripts/schemas.py --check
	$(BIN)pyright --warnings > .pyright.log || (cat .pyright.log; exit 1)
	$(PYTHON) -m pytest tests/unit tests/contracts tests/properties -q -n 2

test: check
	$(PYTHON) -m pytest tests -q --durations=15

bench:
	@ls bench/*/*.py
	@echo 'run one with: $(PYTHON) bench/<question>/<script>.py; results go to bench/results/'

schemas:
	$(PYTHON) scripts/schemas.py
