# make book, make test; make help lists the rest.
PYTHON ?= python3
RUN := .venv/bin/python
PORT ?= 8000
.DEFAULT_GOAL := help
.PHONY: help book test run-test serve lab lock lint clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | while IFS='|' read -r name text; do printf '%-12s %s\n' "$$name" "$$text"; done

book: ## install what is needed, execute every chapter, write _build/html
	@$(PYTHON) builders/environment.py book
	@$(RUN) builders/book.py

test: ## install what tests need, build, run every test
	@$(PYTHON) builders/environment.py test
	@$(RUN) builders/browser.py
	@$(RUN) builders/book.py
	@$(RUN) -m ruff check . && $(RUN) -m ruff format --check . && $(RUN) -m mypy
	@$(RUN) -m pytest -n 2 tests

run-test: ## run every chapter in its page, in Chromium (RUNTIME=folder with an unpacked Pyodide release)
	@test -f "$(RUNTIME)/pyodide-lock.json" || { echo "error: say where an unpacked Pyodide release lies: make run-test RUNTIME=folder" >&2; exit 1; }
	@RUNTIME="$(RUNTIME)" $(RUN) -m pytest -n 2 tests/browser/running

serve: book ## build, and serve the site on http://127.0.0.1:8000 (PORT=... for another port)
	@echo "http://127.0.0.1:$(PORT)  (Ctrl+C ends it)"; $(RUN) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

lab: ## open the chapters in JupyterLab
	@$(PYTHON) builders/environment.py lab
	@cd chapters && ../$(RUN) -m jupyterlab

lock: ## resolve the dependencies anew and write the locks (needs uv)
	@uv pip compile pyproject.toml --extra book --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements.lock
	@uv pip compile pyproject.toml --extra book --extra test --constraint requirements.lock --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements-test.lock
	@uv pip compile pyproject.toml --extra book --extra lab --constraint requirements.lock --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements-lab.lock

lint: ## format and mend what ruff can
	@$(RUN) -m ruff format . && $(RUN) -m ruff check --fix .

clean: ## remove what was built; the environment stays (rm -r .venv removes that)
	@rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis
