# `make demo` and `make test` do all the set-up they need. The rest is for maintainers.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
PINS   := codegen/constraints.txt tests/constraints.txt

# `make generate SPEC=other.json OUT=folder` tries another document without touching the package.
SPEC ?= openapi/i3x-1.0.json
OUT  ?= src/i3x/raw

RELEASED := $(VENV)/released
ALONE    := $(VENV)/alone

.NOTPARALLEL:
.PHONY: demo test explore bench soak install generate check-generated lint types unit clean

demo: install
	@$(BIN)/python -m i3x.cli.demo

test: install lint types check-generated unit

install: $(READY)

$(READY): pyproject.toml $(PINS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "i3x-client needs Python 3.11 or newer; name one with: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet 'pip==26.3'
	$(BIN)/pip install --quiet $(addprefix --constraint ,$(PINS)) --group codegen --group test --editable '.[cli,conformance,frames,testing,types]'
	@touch $@

generate: install
	$(BIN)/python -m codegen generate --document $(SPEC) --output $(OUT)

check-generated: install
	$(BIN)/python -m codegen check

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: install
	$(BIN)/mypy
	$(BIN)/pyright

# Three workers also on two cores: many tests wait for a socket or a process.
unit: install
	$(BIN)/pytest -n 3

# `make test` tries the properties with the same few examples each time, this with many that are new each time.
explore: install
	$(BIN)/pytest -n 2 -m hypothesis --hypothesis-profile explore --timeout 3600 $(EXPLORE)

# Minutes of random faults, a pulled cable (as root, on Linux), and exports of ten million points; SOAK_SECONDS and
# SOAK_SEED change how many minutes and which faults, SOAK_POINTS how many points.
soak: install
	$(BIN)/pytest -s -p no:xdist tests/soak

# Beside the released client, which has our import name and so an environment of its own. Ours gets one without
# all that is for development: httpx alone imports twice as much there. BENCH="--rows streams --json" chooses.
bench: install $(RELEASED) $(ALONE)
	$(BIN)/python -m tests.benchmarks --released $(RELEASED)/bin/python --ours $(ALONE)/bin/python $(BENCH)

$(RELEASED):
	$(PYTHON) -m venv $@
	$@/bin/pip install --quiet 'i3x-client==1.0.0'

$(ALONE): pyproject.toml
	$(PYTHON) -m venv $@
	$@/bin/pip install --quiet --editable .
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
