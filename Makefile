# Postbot's tasks. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo test check stories screenshots format bench chaos prism readme lock migration

help: ## List the tasks
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 20

setup: $(BIN)/.ready ## Create the environment with everything for development

$(BIN)/.ready: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -r requirements/dev.txt
	$(BIN)/pip install --no-deps -e .
	touch $@

demo: setup ## Try Postbot in the browser, without any account
	$(BIN)/postbot demo

test: setup ## Run the tests, but for the long ones
	$(BIN)/pytest

check: setup ## All that CI demands: format, lint, types, imports, every test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -m "$(TESTS)" --ignore tests/stories
	$(MAKE) stories

stories: setup ## Act out what people do in Slack in a browser (needs Chromium)
	$(BIN)/pytest -m "" --numprocesses 2 --dist loadfile tests/stories

screenshots: setup ## Photograph all that people see, into ./screenshots (needs Chromium)
	$(BIN)/python -m tests.stories.screenshots

format: setup ## Bring the code into form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## Measure lateness, bursts, ticks, Slack answers and footprint; print a table
	$(BIN)/python -m tests.bench

chaos: setup ## Kill, pause and flush at random (ROUNDS=100) and check that nothing is lost or doubled
	$(BIN)/python -m tests.chaos --rounds $(or $(ROUNDS),100)

prism: setup ## Hold the requests of X and Pinterest against a mock of their API documents (needs npx)
	$(BIN)/python -m tests.prism

readme: setup ## Write the README's tables of settings and platforms anew
	$(BIN)/python -m tests.readme

lock: ## Compile the lock files anew (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" -q -o requirements/runtime.txt
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" -q -o requirements/dev.txt

migration: setup ## Write a migration after a change of scheduler/models.py (name=what_changes)
	$(BIN)/tortoise -c scheduler.database.FOR_MAKING_MIGRATIONS makemigrations --name $(name)
