# Every verb makes .venv first if it is missing or its lock changed.
PYTHON := .venv/bin/python
# A start compiles nothing anew: hundreds of processes start in the tests.
unexport PYTHONDONTWRITEBYTECODE
MANAGE := $(PYTHON) manage.py
CORES := $(shell nproc 2>/dev/null || echo 2)
# One more than cores: a test waits for its database a third of the time.
WORKERS := $(shell [ $(CORES) -gt 3 ] && echo 4 || echo $$(($(CORES) + 1)))
PYTEST := $(PYTHON) -m pytest -n $(WORKERS) --dist worksteal
# check --deploy looks at production settings; these secrets are nobody's.
AS_PRODUCTION := CLEARINGHOUSE_ENV=production CLEARINGHOUSE_START=0 ALLOWED_HOSTS=example.org \
	SECRET_KEY=check-only-0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOP \
	PERSONAL_DATA_KEY=Y2hlY2stb25seS1rZXktb2YtMzItYnl0ZXMtbG9uZyE= PSEUDONYM_KEY=Y2hlY2stb25seQ== \
	RECEIPT_SIGNING_KEY=Y2hlY2stb25seS1rZXktb2YtMzItYnl0ZXMtbG9uZyE=

.PHONY: help demo run test test-long check bench screens fmt runtime dev

help:  ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: runtime  ## records become settlement PDFs under var/demo/
	$(MANAGE) demo

run: runtime  ## the site with worker and clock; prints the demo's logins
	$(MANAGE) serve $(if $(BIND),--bind $(BIND))

test: dev  ## all tests but the long ones
	$(PYTEST) -m "not long"

test-long: dev  ## scale, fuzz and faults
	TEST_THOROUGHLY=1 $(PYTHON) -m pytest -m "long or twin"

check: dev  ## the gate: what CI runs
	@echo "== format" && .venv/bin/ruff format --check .
	@echo "== lint" && .venv/bin/ruff check .
	@echo "== types" && .venv/bin/mypy
	@echo "== arrows" && .venv/bin/lint-imports
	@echo "== migrations" && PYTHONWARNINGS=ignore $(MANAGE) makemigrations --check --dry-run
	@echo "== deployment" && $(AS_PRODUCTION) $(MANAGE) check --deploy --fail-level WARNING
	@echo "== templates" && .venv/bin/djlint --lint --quiet templates
	@echo "== tests" && $(MAKE) --no-print-directory test

bench: dev  ## ratios against baselines in the same run
	$(PYTHON) -m tests.benchmarks

screens: dev  ## every page as a picture under var/screens/
	$(PYTHON) -m tests.browser.screens

fmt: dev  ## format and fix
	.venv/bin/ruff check --fix-only --quiet . ; .venv/bin/ruff format .

runtime:
	@deploy/bootstrap.sh runtime

dev:
	@deploy/bootstrap.sh dev
