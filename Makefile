# make demo   sets everything up in .venv and runs the embedded town
# make test   sets everything up, Debian's test servers too when root, and passes the tests
# make check  what continuous integration runs
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CYBERAUDIT := $(BIN)/cyberaudit

.PHONY: demo test check bench docs locks format lint types wheel lengths clean

demo: $(VENV)/.ready
	$(CYBERAUDIT) demo

test: $(VENV)/.ready-dev
	tests/install-servers
	@# The lab first, one test at a time: beside others its networks of servers answer too late. 5: none was chosen.
	$(BIN)/pytest --cov --cov-report= tests/lab $(PYTEST) || [ $$? = 5 ]
	$(BIN)/pytest -n 2 --dist worksteal --cov --cov-append --cov-report=term:skip-covered --cov-fail-under=90 \
	  tests/browser tests/loopback tests/unit $(PYTEST)

check: $(VENV)/.ready-dev
	$(MAKE) --no-print-directory lint types test docs-current lengths wheel

lint: $(VENV)/.ready-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: $(VENV)/.ready-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: $(VENV)/.ready-dev
	$(BIN)/mypy

bench: $(VENV)/.ready-dev
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/reports.py
	$(BIN)/python benchmarks/small_town.py
	$(BIN)/python benchmarks/reachability.py
	$(BIN)/python benchmarks/tls.py
	$(BIN)/python benchmarks/domains.py
	$(BIN)/python benchmarks/backups.py
	$(BIN)/python benchmarks/history.py 520 2000
	$(BIN)/python benchmarks/outbox_kills.py

# What is generated: the catalogue of checks, the schemas, the README's report.
docs: $(VENV)/.ready-dev
	$(BIN)/python docs/generate.py

.PHONY: docs-current
docs-current: $(VENV)/.ready-dev
	$(BIN)/python docs/generate.py --check

lengths: $(VENV)/.ready-dev
	$(BIN)/python tests/function_lengths.py

# The wheel, alone in a new environment, runs the demo.
wheel: $(VENV)/.ready-dev
	tests/wheel-smoke $(BIN)/python

locks: $(VENV)/.ready-dev
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --python-version 3.11 pyproject.toml --group build -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --python-version 3.11 --constraint requirements.lock pyproject.toml --group dev -o requirements-dev.lock

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "cyberaudit demande Python 3.11 ou plus récent."; exit 1; }
	@tests/make-venv $(PYTHON) $(VENV)

$(VENV)/.ready: $(VENV)/bin/python requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info src/*.egg-info
