# Every step runs again only when what it reads has changed: each leaves a stamp in $(VENV).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
MAP := maps/out/hengshui.html
VENDOR := src/ecotrack/maps/vendor/leaflet.js
REGISTER := register/ecotrack.gpkg
COMPILE := uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --no-annotate --universal --python-version 3.11
PACKAGE_INPUTS := pyproject.toml hatch_build.py package.json package-lock.json src/ecotrack/__init__.py
PYTEST_ARGS ?=

export PIP_REQUIRE_VIRTUALENV := 1
export PYTHONUTF8 := 1

# The day of the scoreboard that `make run` prints: the last one that the sample register speaks of.
AS_OF ?= 2020-12-31

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test lint assets dist docs pins clean preflight-run preflight-test

help:
	@echo 'make run    build the Hengshui workspace and its sample, print the scoreboard, write $(MAP)'
	@echo 'make test   run every check and test; no network once installed'
	@echo 'make lint   run ruff, mypy and the import contract alone'
	@echo 'make dist   build wheel, sdist and the offline folder '
	@echo 'make docs   write docs/cli.md again    make pins  compile requirements/*.txt again'
	@echo 'make clean  remove what was built (the register stays)'

run: preflight-run $(VENV)/package.stamp $(VENDOR) $(VENV)/sample.stamp
	@$(BIN)/ecotrack stats --as-of $(AS_OF)
	@mkdir -p $(dir $(MAP))
	@$(BIN)/ecotrack map hengshui --as-of $(AS_OF) -o $(MAP)
	@echo
	@echo "地图 / map: $(CURDIR)/$(MAP)"

test: preflight-test $(VENV)/dev.stamp $(VENV)/package.stamp $(VENDOR)
	@$(BIN)/python -m pytest -n auto $(PYTEST_ARGS)

lint: $(VENV)/dev.stamp $(VENV)/package.stamp
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

assets: $(VENDOR)

dist: preflight-run $(VENV)/dev.stamp $(VENV)/package.stamp
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation --outdir dist .
	@$(BIN)/python scripts/offline_folder.py dist

docs: $(VENV)/package.stamp
	@$(BIN)/python -m ecotrack.cli.reference docs/cli.md

# uv is used only here; it is not needed to install, run or test.
pins:
	$(COMPILE) pyproject.toml requirements/build.in -o requirements/core.txt
	$(COMPILE) --extra imagery --extra serve pyproject.toml requirements/build.in requirements/dev.in -c requirements/core.txt -o requirements/dev.txt
	$(COMPILE) --extra imagery pyproject.toml requirements/build.in -c requirements/core.txt -o requirements/imagery.txt
	$(COMPILE) --extra serve pyproject.toml requirements/build.in -c requirements/core.txt -o requirements/serve.txt
	$(COMPILE) --extra imagery pyproject.toml requirements/build.in requirements/bench.in -c requirements/core.txt -o requirements/bench.txt

clean:
	rm -rf $(VENV) build dist maps/out node_modules src/ecotrack/maps/vendor .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

preflight-run:
	@scripts/preflight.sh $(PYTHON) run

preflight-test:
	@scripts/preflight.sh $(PYTHON) test

# preflight comes first where the environment is not there yet; an order-only need does not make it again.
$(BIN)/python: | preflight-run
	@echo 'Making $(VENV) ...'
	@PIP_REQUIRE_VIRTUALENV= $(PYTHON) -m venv $(VENV)

$(VENV)/core.stamp: requirements/core.txt | $(BIN)/python
	@echo 'Installing the pinned dependencies ...'
	@$(PIP) install --quiet --require-hashes -r requirements/core.txt
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt | $(VENV)/core.stamp
	@echo 'Installing the pinned tools for tests and checks ...'
	@$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/package.stamp: $(PACKAGE_INPUTS) | $(VENV)/core.stamp
	@echo 'Installing ecotrack ...'
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENDOR): package.json package-lock.json | $(VENV)/package.stamp
	@echo 'Fetching the browser files of the map ...'
	@$(BIN)/python -m ecotrack.maps.assets
	@touch $@

# The register is append-only and may hold real records: it is made once and never again by make.
$(VENV)/sample.stamp: | $(VENV)/package.stamp
	@test -e $(REGISTER) || $(BIN)/ecotrack demo build
	@touch $@
