# `make demo` and `make test` do all of their own setup; a second call is fast.
.PHONY: help demo test check docs bench bench-long page clean
.DEFAULT_GOAL := help
SHELL := bash

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt
# Newer versions of pip also pin the tools of isolated builds by this variable; older ones ignore it.
export PIP_BUILD_CONSTRAINT := constraints.txt
STATIC := src/eyespot/serving/static
JAVASCRIPT := tests/javascript/node_modules/.made
PAGE := $(if $(wildcard page/package.json),$(STATIC)/index.html)

help:
	@echo "make demo        train on the 5,000 bundled digits; write report and model to runs/demo"
	@echo "make test        run every test"
	@echo "make check       check format, lint, types, import order, the API page and the page"
	@echo "make docs        build the API page, docs/api/index.html"
	@echo "make bench       run the short benchmarks; make bench-long: the long ones"
	@echo "make page        build the page of 'eyespot serve'"
	@echo "make clean       remove the environment and everything that was built (runs are kept)"

# Without access to npm packages the demo still runs; only `eyespot serve` has no page to show.
demo: $(VENV)/.installed
	@$(MAKE) --no-print-directory page || echo "The page could not be built; everything else works." >&2
	@$(BIN)/eyespot demo

test: $(VENV)/.installed-dev $(PAGE) $(JAVASCRIPT)
	@scripts/get-chromium
	@cd page && export PATH="$(CURDIR)/$(BIN):$$PATH" && npm test --silent
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal

check: $(VENV)/.installed-dev $(PAGE)
	@scripts/check

docs: $(VENV)/.installed-dev
	@$(BIN)/python scripts/build_docs.py

bench: $(VENV)/.installed-dev $(PAGE)
	@$(BIN)/python benchmarks/run.py short

bench-long: $(VENV)/.installed-dev $(PAGE)
	@$(BIN)/python benchmarks/run.py long

page: $(PAGE)
	@true

clean:
	rm -rf $(VENV) $(STATIC) page/node_modules tests/javascript/node_modules dist docs/api

# One environment, two stamps: `.installed` for the runtime packages, `.installed-dev` for the test tools as well. A
# change of the pins invalidates both; installing the larger set renews both.
$(VENV)/.made:
	@scripts/make-venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing eyespot into $(VENV) (takes a few minutes the first time)"
	@$(PIP) -e '.[all]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing eyespot and its tools into $(VENV) (takes a few minutes the first time)"
	@$(PIP) -e '.[all,drive,video,dev]'
	@touch $(VENV)/.installed $@

# Node comes from PyPI if the machine has none; only the build of the page needs it.
$(STATIC)/index.html: $(shell find page -type f -not -path '*/node_modules/*' 2>/dev/null) | $(VENV)/.made
	@scripts/get-node $(VENV)
	@echo "Building the page"
	@cd page && export PATH="$(CURDIR)/$(BIN):$$PATH" && npm ci --silent --no-fund --no-audit \
		&& npm run --silent build -- --logLevel warn
	@touch $@

# 139 MB that only the test of the documentation's JavaScript needs.
$(JAVASCRIPT): tests/javascript/package-lock.json | $(VENV)/.made
	@scripts/get-node $(VENV)
	@cd tests/javascript && export PATH="$(CURDIR)/$(BIN):$$PATH" && npm ci --silent --no-fund --no-audit
	@touch $@
