# make book, make test; make help lists the rest.
PYTHON ?= python3
RUN := .venv/bin/python
PORT ?= 8000
.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile)

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

teaching: book ## questions, notebooks for classes and slides, in _build/teaching
	@$(RUN) -m builders.teaching

slides: book ## the slides alone
	@$(RUN) -m builders.teaching slides

run-test: ## run every chapter in its page, in Chromium (RUNTIME=folder with an unpacked Pyodide release)
	@test -f "$(RUNTIME)/pyodide-lock.json" || { echo "error: say where an unpacked Pyodide release lies: make run-test RUNTIME=folder" >&2; exit 1; }
	@RUNTIME="$(RUNTIME)" $(RUN) -m pytest -n 2 tests/browser/running

serve: book ## build, and serve the site on http://127.0.0.1:8000 (PORT=... for another port)
	@$(RUN) builders/serve.py $(PORT)

pdf: ## build, and print the book to _build/print as PDF (with a Chromium; one is installed if need be)
	@$(PYTHON) builders/environment.py test
	@$(RUN) builders/browser.py
	@$(RUN) builders/book.py && $(RUN) -m builders.print pdf

epub: book ## build, and bind the book for e-readers in _build/print
	@$(RUN) -m builders.print epub

zip: book ## build, and pack the site in _build/print; it opens from a folder
	@$(RUN) -m builders.print zip

publish: ## build the site with PDF, EPUB and zip to download
	@$(PYTHON) builders/environment.py test
	@$(RUN) builders/browser.py
	@$(RUN) builders/book.py && $(RUN) -m builders.print pdf epub zip
	@CARTBOOK_OFFERS=_build/print $(RUN) builders/book.py

lab: ## open the chapters in JupyterLab
	@$(PYTHON) builders/environment.py lab
	@binder/jupyterlab-settings $(RUN)
	@$(RUN) -m jupyterlab --preferred-dir=chapters

seal: ## say that every row of data/ has been read against its source as it is now
	@$(PYTHON) builders/environment.py book
	@$(RUN) -m cartbook.check seal

memory: ## measure what one learner's JupyterLab takes in memory, write data/memory.csv (Linux)
	@$(PYTHON) builders/environment.py lab
	@$(RUN) builders/memory.py

lock: ## resolve the dependencies anew and write the locks (needs uv)
	@uv pip compile pyproject.toml --extra book --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements.lock
	@uv pip compile pyproject.toml --extra book --extra test --constraint requirements.lock --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements-test.lock
	@uv pip compile pyproject.toml --extra book --extra lab --constraint requirements.lock --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements-lab.lock

licences: ## list every locked dependency with its licence; fails on one that is not allowed
	@$(RUN) builders/licences.py

lint: ## format and mend what ruff can
	@$(RUN) -m ruff format . && $(RUN) -m ruff check --fix .

bench: ## measure this book beside a plain twin, write docs/benchmarks.md (an hour; ONLY="build pages growth" for a part)
	@$(PYTHON) builders/environment.py test
	@$(RUN) -m benchmarks $(ONLY)

clean: ## remove what was built; the environment stays (rm -r .venv removes that)
	@rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis
