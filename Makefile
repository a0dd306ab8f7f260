# Each verb first makes the machine ready: see .ci/bootstrap.
PORT ?= 8000
PYTHON := .venv/bin/python
DEMO := DEBUG=$${DEBUG:-1} $(PYTHON) manage.py
COMPILE := CUSTOM_COMPILE_COMMAND="make requirements" $(PYTHON) -m piptools compile --quiet --strip-extras \
	--allow-unsafe --generate-hashes --no-emit-index-url --no-emit-find-links pyproject.toml

.PHONY: run test lint audit bench race demo-data screenshots requirements
run: ## the portal, on http://127.0.0.1:$(PORT)
	@.ci/bootstrap
	@$(DEMO) start --port $(PORT)
test: ## the whole suite: SQLite, PostgreSQL, browser
	@.ci/bootstrap dev
	@$(PYTHON) -m tests
lint:
	@.ci/bootstrap dev
	@.ci/lint
audit: ## one table of what an attacker and an auditor would try, in var/audit/
	@.ci/bootstrap dev
	@$(PYTHON) -m tests.audit $(PARTS)
bench:
	@.ci/bootstrap dev
	@$(PYTHON) -m tests.bench
race: ## forty clients for one slot, fifteen rounds, on both databases
	@.ci/bootstrap dev
	@$(PYTHON) -m tests.race
demo-data: ## some hundred dossiers, for trying the desk
	@.ci/bootstrap
	@$(DEMO) migrate --verbosity 0 && $(DEMO) load_fixtures && $(DEMO) demo_data
screenshots:
	@.ci/bootstrap dev
	@$(PYTHON) -m tests.screenshots
requirements: ## exact pins, from the ranges of pyproject.toml
	@$(COMPILE) --output-file requirements.txt
	@$(COMPILE) --extra dev --constraint requirements.txt --output-file requirements-dev.txt
