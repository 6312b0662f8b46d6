# make demo         the whole cycle on an embedded server, with nothing to install by hand but Python
# make test         linters, types and tests; ends with what was skipped, and why
# make resistencia  the long runs of the chaos and state-machine tests
# make bench        items per second, and the least that any correct queue would need on the same server
# make golden       rewrite the expected output of the generators; look at the difference before committing it
# make lint, make format, make clean

VENV := .venv
BIN := $(VENV)/bin
# The environment is as the project file says when this file exists: its name changes with the project file, so nothing
# is asked of any package index until a dependency changes.
READY := $(VENV)/.pronto-$(shell cksum < pyproject.toml | cut -d ' ' -f 1)

.DEFAULT_GOAL := test
.PHONY: demo test resistencia bench golden lint format clean environment

environment: $(READY)

$(READY):
	@test -x $(BIN)/python || { python=$$(packaging/achar-python) && "$$python" -m venv $(VENV); }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 13) and "$(VENV) has a Python before 3.13: remove it (make clean), then try again")'
	@$(BIN)/python -m pip --version > /dev/null 2>&1 || $(BIN)/python -m ensurepip > /dev/null
	@echo "installing into $(VENV); this happens once"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@rm -f $(VENV)/.pronto-*
	@touch $@

demo: $(READY)
	@$(BIN)/fabrica demo

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# One process a core; tests of one group (one server, one Docker engine) stay in one process. -ra in pyproject.toml
# lists every skipped test with its reason.
test: lint
	$(BIN)/python -m pytest -m 'not resistencia' --numprocesses auto --dist loadgroup $(ARGS)

resistencia: $(READY)
	$(BIN)/python -m pytest -m resistencia --numprocesses auto --dist loadgroup $(ARGS)

bench: $(READY)
	$(BIN)/python -m tests.bench $(ARGS)

golden: $(READY)
	$(BIN)/python -m tests.golden.rebuild $(ARGS)

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Not .fabrica: what the demo and a first day made stays until somebody removes it.
clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
