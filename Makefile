# Everything a developer and CI runs. `make check` before every commit (at most 90 s), `make test` is what CI runs.
PYTHON ?= .venv/bin/python
BIN := $(dir $(PYTHON))

# compiled once, not in each of the many processes that the checks start
export PYTHONDONTWRITEBYTECODE :=

.PHONY: install check check-style check-types check-tests test test-all test-portable test-adapters browser bench bench-decisions soak peers docs schemas format

install:
	python3 -m venv .venv
	$(PYTHON) -m pip install --quiet --editable '.[dev]'

format:
	$(BIN)ruff format src tests bench scripts
	$(BIN)ruff check --fix --quiet src tests bench scripts

# at once: the types are one thread, of which two cores have another
check:
	@$(MAKE) --no-print-directory --jobs 3 --output-sync=line check-style check-types check-tests

check-style:
	$(BIN)ruff format --check --quiet src tests bench scripts
	$(BIN)ruff check --quiet src tests bench scripts
	$(BIN)lint-imports --no-cache > /dev/null || $(BIN)lint-imports --no-cache
	$(PYTHON) scripts/style.py
	$(PYTHON) scripts/schemas.py --check

check-types:
	$(PYTHON) scripts/check_types.py

check-tests:
	$(PYTHON) -m pytest tests/unit tests/contracts tests/properties -q -n 2 --dist worksteal -m 'not long and not (remote and thorough)'

test: check browser test-portable
	GENAIOPS_BROWSER_TESTS=$$(command -v chromium > /dev/null && echo 1) \
	$(PYTHON) -m pytest tests/system tests/faults -q -n 2 --dist loadfile --durations=15 -m 'not long'

# what make test leaves out for time: long simulations, and the rest of the tests on PostgreSQL, S3 and over HTTP
test-all: test
	$(PYTHON) -m pytest tests/unit tests/system -q -n 2 --dist loadfile -m 'long or (remote and thorough)'

# the report is opened in a real browser: fetched where this user may, else its tests say that they were left out
browser:
	@command -v chromium > /dev/null || { test "$$(id -u)" = 0 && command -v apt-get > /dev/null \
	  && apt-get update -qq && apt-get install -qq --no-install-recommends chromium > /dev/null; } \
	  || echo 'NOT TESTED: the report in a browser; there is no chromium, and it cannot be installed here'

# the committed evidence is checked with other CPU features, and with the oldest and the newest numpy we allow
test-portable: .portable/installed
	GENAIOPS_PORTABLE=.portable $(PYTHON) -m pytest tests/portable -q

.portable/installed: pyproject.toml
	rm -rf .portable
	$(PYTHON) -m pip install --quiet --no-deps --target .portable/newest "$$(sed -n 's/^  "\(numpy.*\)",/\1/p' pyproject.toml)"
	$(PYTHON) -m pip install --quiet --no-deps --target .portable/oldest "$$(sed -n 's/^  "numpy>=\([0-9.]*\),.*/numpy==\1/p' pyproject.toml)"
	touch $@

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

# an hour of random, encoded and hostile texts for the guard; ends with 1 where one crashes it or is slow
MINUTES ?= 60
soak:
	$(PYTHON) -m bench.guard.fuzz $(MINUTES)

# what bench/*/peers.py run beside ours, each below .peers
peers:
	python3 -m venv --clear .peers/inspect
	.peers/inspect/bin/python -m pip install --quiet inspect_ai
	python3 -m venv --clear .peers/mlflow
	.peers/mlflow/bin/python -m pip install --quiet mlflow
	python3 -m venv --clear .peers/securevector
	.peers/securevector/bin/python -m pip install --quiet securevector-guardian-model==1.4.0
	python3 -m venv --clear .peers/jailguard
	.peers/jailguard/bin/python -m pip install --quiet jailguard==0.1.2
	npm install --silent --no-audit --no-fund --prefix .peers/promptfoo promptfoo
	python3 -m venv --clear .peers/llama_index
	.peers/llama_index/bin/python -m pip install --quiet llama-index-core llama-index-retrievers-bm25
	python3 -m venv --clear .peers/haystack
	.peers/haystack/bin/python -m pip install --quiet haystack-ai

# every null at 20,000 draws, in one process where two would disturb others (JOBS=1); then the pages' tables
DRAWS ?= 20000
JOBS ?= 2
bench-decisions:
	$(PYTHON) -m bench.decisions.simulate --draws $(DRAWS) --jobs $(JOBS)
	$(PYTHON) -m bench.decisions.rates --draws $(DRAWS) --jobs $(JOBS)
	$(PYTHON) -m bench.decisions.sequential --draws $(DRAWS) --jobs $(JOBS)
	$(PYTHON) -m bench.decisions.guards --draws $$(( $(DRAWS) / 5 )) --jobs $(JOBS)
	@if test -n "$(SHARED)"; then $(PYTHON) -m bench.ppi.run --shared $(SHARED); \
	else echo 'not run: bench.ppi.run; SHARED=FOLDER names the folder of its data'; fi
	$(PYTHON) -m scripts.benchmarks

docs:
	$(PYTHON) scripts/cli_docs.py
	$(PYTHON) -m scripts.benchmarks

schemas:
	$(PYTHON) scripts/schemas.py
