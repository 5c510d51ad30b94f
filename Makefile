# Everything a developer and CI runs. `make check` before every commit (at most 90 s), `make test` is what CI runs.
PYTHON ?= .venv/bin/python
BIN := $(dir $(PYTHON))

.PHONY: install check test test-adapters browser bench docs schemas format

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

test: check browser
	GENAIOPS_BROWSER_TESTS=$$(command -v chromium > /dev/null && echo 1) \
	$(PYTHON) -m pytest tests/system tests/faults -q --durations=15

# the report is opened in a real browser: fetched where this user may, else its tests say that they were left out
browser:
	@command -v chromium > /dev/null || { test "$$(id -u)" = 0 && command -v apt-get > /dev/null \
	  && apt-get update -qq && apt-get install -qq --no-install-recommends chromium > /dev/null; } \
	  || echo 'NOT TESTED: the report in a browser; there is no chromium, and it cannot be installed here'

# other people's frameworks, in an environment of their own: none of them is a dependency of ours
test-adapters: .adapters/installed
	.adapters/bin/python -m pytest tests/adapters -q

.adapters/installed: pyproject.toml
	python3 -m venv --clear .adapters
	.adapters/bin/python -m pip install --quiet --editable '.[autoevals]' pytest hypothesis
	touch $@

bench:
	@ls bench/*/*.py
	@echo 'run one with: $(PYTHON) bench/<question>/<script>.py; results go to bench/results/'

docs:
	$(PYTHON) scripts/cli_docs.py
	$(PYTHON) scripts/benchmarks.py

schemas:
	$(PYTHON) scripts/schemas.py
