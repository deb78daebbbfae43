# Everything sets itself up: `make demo` on a fresh Debian or Ubuntu with Python 3.11 to 3.13, git and make is enough.
# scripts/setup.sh tells what VENV, PYTHON and TORCH mean.
SHELL := /bin/bash
VENV ?= .venv
TORCH ?= auto
PYTEST_FLAGS ?= --timeout=300
FUZZ_SECONDS ?= 60
HUB_FLAGS ?=
export VENV TORCH PYTHON

BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-$(TORCH)

.PHONY: demo hub test lint attacks faults service e2e fuzz audit draws compare times doctor setup clean help

demo: setup  ## grade a class of submissions, from release to feedback
	$(BIN)/python demo/run.py

hub: setup  ## a JupyterHub with the course released, for trying it out on this machine: Ctrl-C ends it (docs/hub.md)
	@$(BIN)/python deploy/jupyterhub/run.py $(HUB_FLAGS)

test: setup  ## run all tests
	$(BIN)/python -m pytest tests $(PYTEST_FLAGS)

attacks: setup  ## a class with hostile submissions: nothing is earned, reached, changed or left behind
	$(BIN)/python -m tests.attacks.run

faults: setup  ## kill grading at 60 random points, fill its disk up, lock its gradebook (half an hour)
	FAULT_POINTS=$${FAULT_POINTS:-60} $(BIN)/python -m pytest tests/faults $(PYTEST_FLAGS)

service: setup  ## the grading service, its pages and the hub, with what takes minutes: kills, starts and ends of hubs
	LONG_TESTS=1 $(BIN)/python -m pytest tests/service tests/service_web tests/hub $(PYTEST_FLAGS)

e2e: setup  ## what an instructor and students do on the hub, in a real browser (Debian's chromium)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[e2e]'
	E2E=1 $(BIN)/python -m pytest tests/e2e -s $(PYTEST_FLAGS)

lint: setup  ## ruff, and mypy in strict mode
	$(BIN)/ruff check .
	$(BIN)/mypy

fuzz: setup  ## look for inputs that break the readers of what students send and hand in: FUZZ_SECONDS (60) for each
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[fuzz]'
	for target in wire frames notebook outputs markdown record store; do \
	  $(BIN)/python -m tests.fuzz.run $$target --seconds $(FUZZ_SECONDS) || exit 1; done

audit: setup  ## prove all hidden suites, with every mutant: a table, and build/audit.html (many minutes)
	mkdir -p build
	$(BIN)/autograder audit --html build/audit.html

draws: setup  ## judge each reference 200 times, each with other random numbers (about an hour)
	for suite in tests/hidden/*/; do $(BIN)/python -m pytest $$suite --draws 200 -q -x --no-header || exit 1; done

compare: setup  ## time a submission, side by side with nbgrader's own Execute
	$(BIN)/python benchmarks/side_by_side.py

times: setup  ## time each suite on a reference submission, on one core
	$(BIN)/python benchmarks/suites.py

doctor: setup  ## show what confinement needs and what this machine has
	$(BIN)/autograder doctor

setup: $(STAMP)  ## environment, packages, bubblewrap (every other target does this by itself)
	@:

$(STAMP): pyproject.toml constraints.txt constraints-cpu.txt scripts/setup.sh
	@rm -f $(VENV)/.setup-*
	@scripts/setup.sh
	@touch $@

clean:  ## remove caches and build products; the environment, submissions and grades stay
	rm -rf build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -path './.*' -prune -o -name __pycache__ -prune -exec rm -rf {} +

help:  ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile
