# The only door for people and for CI. A target exists when its thing exists.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON := .venv/bin/python
WORKERS ?= 2
export PYTHONUNBUFFERED = 1

.PHONY: help
# Without a "##" of its own: it would list itself for ever.
help:
	@for target in $$(grep -oE '^[a-z-]+:.*## ' Makefile | cut -d: -f1 | uniq); do \
	  $(MAKE) -n $$target >/dev/null 2>&1 && sed -nE "s/^($$target):[^#]*## (.*)/  make \1\t\2/p" Makefile; \
	done | expand -t 22

.PHONY: setup
setup: ## everything this checkout needs: Python packages, Kafka's jars, its class archive
	@deploy/local/set_up.sh

.PHONY: up down reset status
up: setup ## start the system in the background (BROKERS=3 for three brokers)
	@$(PYTHON) -m deploy.local up
down: ## stop it; its data stays
	@[ ! -x $(PYTHON) ] || $(PYTHON) -m deploy.local down
reset: ## stop it and forget all its data
	@[ ! -x $(PYTHON) ] || $(PYTHON) -m deploy.local reset
status: ## what runs, and where
	@[ ! -x $(PYTHON) ] || $(PYTHON) -m deploy.local status

ifneq ($(wildcard deploy/rehearsal/demo.py),)
.PHONY: demo
demo: setup ## the Futian days, to be watched; Ctrl-C stops it, `make reset` forgets it
	@exec $(PYTHON) -m deploy.rehearsal.demo
endif

ifneq ($(wildcard deploy/rehearsal/drill.py),)
.PHONY: drill
drill: setup ## the same without a screen, judged; the last line is the verdict (DRILL_KILL=1, BROKERS=3)
	@exec $(PYTHON) -m deploy.rehearsal.drill
endif

.PHONY: static check
static: setup ## format, lint, types, import rules
	@$(PYTHON) -m ruff format --check --quiet . && $(PYTHON) -m ruff check --quiet .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports --no-cache > .venv/lint-imports.log || { cat .venv/lint-imports.log; exit 1; }
check: static ## static checks and the tests without servers; under a minute, before every commit
	@$(PYTHON) -m pytest -q -n $(WORKERS) --dist loadfile -m "not long" $(wildcard tests/architecture tests/unit tests/contract)

# Debian's Chromium, a Chinese font, and what the browser tests' driver links to come while Python's packages do.
define with_chromium
	@deploy/local/debian_packages.sh chromium fonts-noto-cjk libatomic1 & chromium=$$!; \
	deploy/local/set_up.sh && wait $$chromium &&
endef

.PHONY: test test-long
test: ## all tests but the long ones, on real PostgreSQL, real Kafka and real Chromium
	$(with_chromium) $(PYTHON) -m pytest -q -n $(WORKERS) --dist loadfile -m "not long" tests
test-long: ## kills, a broker wiped, large properties, browser matrix
	$(with_chromium) $(PYTHON) -m pytest -q -m long --timeout 900 tests

# Every module there that runs by itself, one after the other: two at once would measure each other. Not the
# planner's: it takes hours, and peers that no set-up brings.
BENCHES := $(filter-out planner, $(basename $(notdir $(shell grep -ls __main__ tests/bench/*.py))))
ifneq ($(BENCHES),)
.PHONY: bench bench-planner
bench: setup ## measurements, with the machine named; raw samples go to BENCH_OUT (bench-NAME for one)
	@set -e; for name in $(BENCHES); do echo "== $$name"; $(PYTHON) -m tests.bench.$$name; done
bench-%: setup
	@$(PYTHON) -m tests.bench.$*
bench-planner: setup ## our planner beside the best free ones, installed for it (BENCH_CLASSES, BENCH_SEEDS, BENCH_FACTOR)
	@$(PYTHON) -m uv pip install --quiet --python $(PYTHON) --link-mode copy --require-hashes -r requirements/bench.lock
	@$(PYTHON) -m tests.bench.planner
endif

ifneq ($(wildcard tests/chaos),)
.PHONY: chaos
chaos: setup ## only the tests that kill, wipe and plant faults
	@$(PYTHON) -m pytest -q --timeout 900 tests/chaos
endif

.PHONY: contracts
contracts: setup ## write the JSON Schemas and the AsyncAPI document anew
	@$(PYTHON) -m shared.contracts.schemas

.PHONY: migration lock jars-lock
migration: setup ## a new revision: make migration SERVICE=orders NAME="add the lift column"
	@$(PYTHON) -m deploy.local.new_migration "$(SERVICE)" "$(NAME)"
lock: ## resolve pyproject.toml into requirements/*.lock
	@deploy/local/lock_requirements.sh
jars-lock: setup ## resolve deploy/local/kafka/pom.xml into jars.lock (needs Maven)
	@$(PYTHON) -m deploy.local.kafka.lock_jars
