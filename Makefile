# Hustings. `make run` and `make test` need Python 3.11 or newer (with its venv module) and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Tests that share the machine: two at a time where sound and browsers keep time, else three.
SMALL := not journey and not alone and not proof

.PHONY: help run demo test check format bench proof lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .make/run ## start everything here; ARGS="--studio-port 9000" passes settings on
	@exec $(BIN)/hustings serve $(ARGS)

demo: .make/dev ## a whole space with synthetic people, measured; ARGS="--listeners 200"
	@exec $(BIN)/hustings demo --json $(ARGS)

test: .make/dev check ## check, then all tests; as root it installs the Debian packages they need
	@sh tests/prepare.sh
	@$(BIN)/pytest -q -n 2 --ignore tests/tidy --ignore tests/web -m "$(SMALL)" $(ARGS)
	@$(BIN)/pytest -q -n 2 tests/web -m "browser and $(SMALL)" $(ARGS)
	@$(BIN)/pytest -q -n 3 tests/web -m "not browser and $(SMALL)" $(ARGS)
	@$(BIN)/pytest -q -n 3 tests/web -m "not browser and $(SMALL)" --database postgresql $(ARGS)
	@$(BIN)/pytest -q -m "(journey or alone) and not proof" $(ARGS)

check: .make/dev ## format, lint, types, and the rules of the house
	@$(BIN)/ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/pytest -q tests/tidy

format: .make/dev ## lay the code out and mend what the linter can
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format .

bench: .make/dev ## every number in bench/, quickly, each as one JSON object
	@$(BIN)/python -m bench --quick

proof: .make/dev ## the long proofs; their results are kept in docs/evidence
	@sh tests/prepare.sh proof
	@$(BIN)/pytest -q -m proof
	@$(BIN)/python -m bench --evidence docs/evidence
	@$(BIN)/python -m bench.soak --minutes 120 --evidence docs/evidence

lock: ## resolve the dependencies anew (needs uv)
	uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-header \
	  --no-annotate --group build pyproject.toml -o requirements.lock
	uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-header \
	  --no-annotate --extra captions --extra demo --extra denoise --extra postgresql --group dev -c requirements.lock pyproject.toml \
	  -o requirements-dev.lock

clean: ## remove the environment and caches; keeps ./data
	rm -rf $(VENV) .make .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

.make/run: requirements.lock pyproject.toml | $(BIN)/python
	@echo "installing (once) ..."
	@test -e .make/dev || $(BIN)/pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@mkdir -p .make && touch $@

.make/dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "installing with what the tests need (once) ..."
	@$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@mkdir -p .make && touch $@
