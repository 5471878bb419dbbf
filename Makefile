# One virtual environment, made once; every other target makes it first.

PYTHON ?= $(shell for name in python3 python3.12 python3.11; do \
	if $$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; then echo $$name; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps

.PHONY: help setup demo crawl test crash lint format bench-pages bench-crawl bench-dups bench-web screenshots clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/.ready ## make the virtual environment

demo: $(VENV)/.ready ## archive the built-in demo site, in get mode and in read mode
	@$(BIN)/python tools/try_demo.py

crawl: $(VENV)/.ready ## archive from the real site: make crawl ARGS="-a user=NAME -a folder=NAME"
	@$(BIN)/scrapy crawl favorites $(ARGS)

test: $(VENV)/.ready-test ## run the tests
	@$(BIN)/python -m pytest -n auto

crash: $(VENV)/.ready-test ## kill crawls at 40 named points and at random times, and compare (half an hour)
	@PYTHONPATH=.:tests $(BIN)/python -m crash.matrix
	@$(BIN)/python -m pytest -m long

lint: $(VENV)/.ready-test ## ruff, mypy, import-linter
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

format: $(VENV)/.ready-test ## let ruff format everything
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench-pages: $(VENV)/.ready ## pages asked, against the least number that could do
	@$(BIN)/python benchmarks/page_plan.py

bench-crawl: $(VENV)/.ready ## images a second, beside the write protocol alone, a bare spider and FilesPipeline
	@$(BIN)/python benchmarks/crawl.py

bench-dups: $(VENV)/.ready ## look-alikes: search, hashing, quality and commands, beside imagededup (ten minutes)
	@$(BIN)/python benchmarks/dups_search.py
	@$(BIN)/python benchmarks/dups_hashing.py
	@$(BIN)/python benchmarks/dups_quality.py
	@$(BIN)/python benchmarks/dups_commands.py

bench-web: $(VENV)/.ready ## the pages at 2,000 groups and 100,000 pictures: first paint, a decision, memory
	@$(BIN)/python benchmarks/web.py

screenshots: $(VENV)/.ready-test ## take the pictures in docs/ from the demo's archive (after make demo; needs Chromium)
	@$(BIN)/python tools/screenshots.py

clean: ## remove the virtual environment and the demo's files
	@rm -rf $(VENV) .demo

$(VENV)/.ready: requirements.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed: apt install python3 python3-venv (or make PYTHON=/path/to/python3.12)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null || \
		{ echo "$(PYTHON) is not Python 3.11 or 3.12: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) has no venv module: apt install python3-venv"; exit 1; }
	@echo "installing into $(VENV) (about 0.5 GB, once)"
	@$(PYTHON) -m venv $(VENV) || { echo "$(VENV) could not be made: is there room, and may this directory be written?"; exit 1; }
	@$(INSTALL) -r requirements.txt || { echo "the packages could not be installed (see above): is there a network? Then the same command again"; exit 1; }
	@touch $@

$(VENV)/.ready-test: $(VENV)/.ready requirements-test.txt requirements-extra.txt
	@$(INSTALL) -r requirements-test.txt -r requirements-extra.txt || { echo "the test packages could not be installed (see above): is there a network? Then the same command again"; exit 1; }
	@touch $@
