# One target per thing that CI does. `make report` and `make test` do all the set-up from a fresh clone.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: report quick test test-fast bench docs lint package clean
.DEFAULT_GOAL := report

.venv/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "tailoff needs Python 3.11 or newer, and this is " + sys.version.split()[0] + ". Name one: make report PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

report: .venv/installed  ## the experiments, and out/tailoff.pdf
	$(BIN)/tailoff report --out out/tailoff.pdf

quick: .venv/installed  ## a first look in under a minute
	$(BIN)/tailoff report --quick

test: .venv/installed-dev  ## every test, the slow ones too; EXTRAS="torch distributed" adds the comparison with torch.optim and the Dask cluster
	@test -z '$(EXTRAS)' || $(BIN)/python -m pip install --quiet --disable-pip-version-check $(EXTRAS)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal

test-fast: .venv/installed-dev  ## the tests that take seconds
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m 'not slow'

bench: .venv/installed-dev  ## the table of speeds, as ratios within one run
	$(BIN)/python -m benchmarks

.venv/installed-docs: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	touch $@

docs: .venv/installed-docs  ## the site, in docs/_build/html; a warning or a dead link is an error
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -b html docs docs/_build/html
	$(BIN)/python docs/extensions/links.py docs/_build/html

lint: .venv/installed-dev  ## formatting, style, types, and who may import whom
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo

package: .venv/installed-dev  ## build wheel and sdist; run the wheel in a clean environment outside the tree
	PYTHON=$(BIN)/python .ci/package

clean:
	rm -rf docs/_build docs/gallery docs/reference .venv out build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
