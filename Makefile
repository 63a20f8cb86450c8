# make book, make test; make help lists the rest.
PYTHON ?= python3
PORT ?= 8000
RUN := .venv/bin/python
CARTBOOK := $(RUN) -I -m cartbook
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile)

# The user's own settings of Python, Jupyter and pip do not reach the book's, except where packages come from.
unexport $(filter-out PYTHON,$(filter PYTHON% IPYTHON% MPL%,$(.VARIABLES))) JUPYTER_PATH JUPYTER_CONFIG_DIR JUPYTER_CONFIG_PATH JUPYTER_DATA_DIR
unexport $(filter-out PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_NO_INDEX PIP_FIND_LINKS PIP_TRUSTED_HOST PIP_PROXY PIP_CERT PIP_CLIENT_CERT PIP_CACHE_DIR PIP_CONFIG_FILE PIP_TIMEOUT PIP_DEFAULT_TIMEOUT PIP_RETRIES,$(filter PIP_%,$(.VARIABLES)))
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# .venv/book-3.11 and the like say that a lock is installed; each is written when that has ended well.
BOOK := .venv/book-$(VERSION)
GROUPS := $(foreach group,print test lab,.venv/$(group)-$(VERSION))
ALONE := $(foreach group,lint licences,.venv/$(group)-$(VERSION))
FAILED = { echo "error: the installation failed (above); check the network, the disk and the settings of pip (pip config list), then run make again" >&2; exit 1; }

define install
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "error: Python 3.11 or newer is needed, and $(PYTHON) is not; install one and run: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "error: $(PYTHON) has no venv module; install it (Debian, Ubuntu: apt install python3-venv) and run make again" >&2; exit 1; }
@echo "Installing $< into .venv; a minute or two, once ..."
@test -d .venv/lib/python$(VERSION) && $(RUN) -m pip --version >/dev/null 2>&1 || { rm -rf .venv; $(PYTHON) -m venv .venv; } || $(FAILED)
@touch $@.unfinished
@$(RUN) -m pip install -q $(if $(wildcard $@.unfinished),--ignore-installed) --require-hashes -r $< || $(FAILED)
endef

$(BOOK): requirements.lock pyproject.toml
	$(install)
	@$(RUN) -m pip install -q --no-deps --no-build-isolation -e . || $(FAILED)
	@rm $@.unfinished && touch $@

$(GROUPS): .venv/%-$(VERSION): requirements-%.lock $(BOOK)
	$(install)
	@rm $@.unfinished && touch $@

$(ALONE): .venv/%-$(VERSION): requirements-%.lock
	$(install)
	@rm $@.unfinished && touch $@

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | while IFS='|' read -r name text; do printf '%-17s %s\n' "$$name" "$$text"; done

book: $(BOOK) ## install what is needed, execute every chapter, write _build/html
	@$(CARTBOOK) build

test: .venv/test-$(VERSION) ## install what tests need, build, run every test (with a Chromium: make browser installs one)
	@$(CARTBOOK) chromium
	@$(CARTBOOK) build
	@$(LINT)
	@$(RUN) -m mypy
	@$(RUN) -m pytest -n 3 --dist loadfile --no-loadscope-reorder tests

teaching: book ## questions, notebooks for classes and slides, in _build/teaching
	@$(CARTBOOK) teaching

slides: book ## the slides alone
	@$(CARTBOOK) slides

runtime:
	@test -f "$(RUNTIME)/pyodide-lock.json" || { echo "error: say where an unpacked Pyodide release lies: make test-pyodide RUNTIME=folder" >&2; exit 1; }

test-pyodide: runtime .venv/test-$(VERSION) book ## run every chapter in its page, in Chromium (RUNTIME=folder with an unpacked Pyodide release)
	@RUNTIME="$(RUNTIME)" $(RUN) -m pytest -n 2 tests/browser/pyodide

serve: book ## build, and serve the site on http://127.0.0.1:8000 (PORT=... for another port)
	@$(CARTBOOK) serve --port $(PORT)

pdf: .venv/print-$(VERSION) ## build, and print the book to _build/print as PDF (with a Chromium)
	@$(CARTBOOK) chromium
	@$(CARTBOOK) build && $(CARTBOOK) export pdf

epub: book ## build, and bind the book for e-readers in _build/print
	@$(CARTBOOK) export epub

zip: book ## build, and pack the site in _build/print; it opens from a folder
	@$(CARTBOOK) export zip

dist: .venv/print-$(VERSION) ## build the site with PDF, EPUB and zip to download (with a Chromium)
	@$(CARTBOOK) chromium
	@$(CARTBOOK) build && $(CARTBOOK) export pdf epub zip
	@CARTBOOK_PRINT_DIR=_build/print $(CARTBOOK) build

browser: .venv/print-$(VERSION) ## install Playwright's own Chromium and the libraries that it needs (asks for the rights)
	@$(RUN) -m playwright install --with-deps chromium

install-lab: .venv/lab-$(VERSION) ## install what JupyterLab needs

lab: install-lab ## open the chapters in JupyterLab
	@binder/jupyterlab-settings $(RUN)
	@$(RUN) -m jupyterlab --preferred-dir=chapters

sign-off: $(BOOK) ## record that every row of data/ has been read against its source as it is now
	@$(CARTBOOK) sign-off

memory: install-lab ## measure what one learner takes in memory on a JupyterHub, write data/memory.csv
	@$(RUN) scripts/measure_jupyter_memory.py

lock: ## resolve the dependencies anew and write the locks (needs uv)
	@uv pip compile pyproject.toml --extra book $(COMPILED) -o requirements.lock
	@uv pip compile --group test --constraint requirements.lock $(COMPILED) -o requirements-test.lock
	@for group in lint print lab licences; do uv pip compile --group $$group --constraint requirements.lock --constraint requirements-test.lock $(COMPILED) -o requirements-$$group.lock || exit 1; done

LINT = $(RUN) -m ruff check . && $(RUN) -m ruff format --check . && .venv/bin/oxfmt --check $(SCRIPTS) && .venv/bin/oxlint --deny-warnings $(SCRIPTS)
SCRIPTS := cartbook/static cartbook/sphinxext/search.js cartbook/templates/quiz-notebook.css cartbook/templates/print.css cartbook/export/deck
COMPILED := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q

licences: .venv/licences-$(VERSION) .venv/test-$(VERSION) install-lab ## list every locked dependency with its licence; fails on one that is not allowed
	@$(RUN) -m piplicenses

format: .venv/lint-$(VERSION) ## format Python, JavaScript and CSS
	@$(RUN) -m ruff format -q . && $(RUN) -m ruff check -q --fix . && .venv/bin/oxfmt $(SCRIPTS)

lint: .venv/lint-$(VERSION) ## check format and style; changes nothing
	@$(LINT)

bench: .venv/test-$(VERSION) ## measure this book beside a plain twin, write docs/benchmarks.md (an hour; ONLY="build pages growth" for a part)
	@$(RUN) -m benchmarks $(ONLY)

clean: ## remove what was built; the environment stays (rm -r .venv removes that)
	@rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis
