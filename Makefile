# Each verb first makes the machine ready: see .ci/bootstrap.
PORT ?= 8000
PYTHON := .venv/bin/python
DEMO := DEBUG=$${DEBUG:-1} $(PYTHON) manage.py
COMPILE := CUSTOM_COMPILE_COMMAND="make requirements" $(PYTHON) -m piptools compile --quiet --strip-extras \
	--allow-unsafe --generate-hashes --no-emit-index-url --no-emit-find-links pyproject.toml

.PHONY: help run guide test lint coverage audit bench clocks race crash demo-data journey screenshots requirements
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile
run: ## the portal, on http://127.0.0.1:8000
	@.ci/bootstrap
	@$(DEMO) start --port $(PORT)
guide: ## the national guide of procedures, downloaded from where the State publishes it
	@.ci/bootstrap
	@$(DEMO) migrate --verbosity 0 && $(DEMO) load_fixtures && $(DEMO) import_comarquage
test: ## the whole suite: SQLite, PostgreSQL, browser
	@.ci/bootstrap dev
	@$(PYTHON) -m tests
lint: ## the linters
	@.ci/bootstrap dev
	@.ci/lint
coverage: ## which branches of rules/ and actions/ no test takes; PARTS=rules for the rules alone
	@.ci/bootstrap dev
	@$(PYTHON) -m tests.coverage $(PARTS)
audit: ## one table of what an attacker and an auditor would try, in var/audit/
	@.ci/bootstrap dev
	@$(PYTHON) -m tests.audit $(PARTS)
bench: ## speed, as ratios within one run; SCALE=100000: the desk with so many dossiers
	@.ci/bootstrap dev
	@$(PYTHON) -m tests.bench $(SCALE)
clocks: ## a part of the suite at hours that are seldom met, and on a busy machine
	@.ci/bootstrap dev
	@$(PYTHON) -m tests.clocks
race: ## forty clients for one slot, fifteen rounds, on both databases
	@.ci/bootstrap dev
	@$(PYTHON) -m tests.race
crash: ## the portal killed 200 times in the middle of journeys, PostgreSQL 5 times; KILLS=20
	@.ci/bootstrap dev
	@$(PYTHON) -m tests.crash $(KILLS)
demo-data: ## some hundred dossiers, for trying the desk
	@.ci/bootstrap
	@$(DEMO) migrate --verbosity 0 && $(DEMO) load_fixtures && $(DEMO) demo_data
journey: ## what the way to « envoyé » costs, page by page, in docs/journey.md
	@.ci/bootstrap dev
	@$(PYTHON) -m tests.journey
screenshots: ## the README's pictures, then every page at two widths in var/album/
	@.ci/bootstrap dev
	@$(PYTHON) -m tests.screenshots
requirements: ## exact pins, from the ranges of pyproject.toml
	@$(COMPILE) --extra s3 --output-file requirements-s3.txt
	@$(COMPILE) --constraint requirements-s3.txt --output-file requirements.txt
	@$(COMPILE) --extra dev --constraint requirements-s3.txt --output-file requirements-dev.txt
