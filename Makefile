# `make demo` and `make test` each do all of their set-up and work; a second call is quick.
.PHONY: help demo test check bench bench-long page clean
.DEFAULT_GOAL := help
SHELL := bash

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt
# Newer pips pin the tools of isolated builds by this too; older ones do not know it.
export PIP_BUILD_CONSTRAINT := constraints.txt
STATIC := src/eyespot/serving/static
PAGE := $(if $(wildcard page/package.json),$(STATIC)/index.html)

help:
	@echo "make demo        train on the 5,000 digits that come along, write report and model into runs/demo"
	@echo "make test        every test"
	@echo "make check       format, lint, types, import order"
	@echo "make bench       the short benchmarks; make bench-long: the others"
	@echo "make page        the page of 'eyespot serve'"
	@echo "make clean       remove the environment and what was built (runs stay)"

# Without a way to npm's packages the demo runs all the same; only `eyespot serve` then has no page to show.
demo: $(VENV)/.installed
	@$(MAKE) --no-print-directory page || echo "The page could not be built; everything else works." >&2
	@$(BIN)/eyespot demo

test: $(VENV)/.installed-dev $(PAGE)
	@scripts/get-chromium
	@cd page && export PATH="$(CURDIR)/$(BIN):$$PATH" && npm test --silent
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal

check: $(VENV)/.installed-dev $(PAGE)
	@scripts/check
	@cd page && export PATH="$(CURDIR)/$(BIN):$$PATH" && npm run --silent check

bench: $(VENV)/.installed-dev $(PAGE)
	@$(BIN)/python benchmarks/run.py short

bench-long: $(VENV)/.installed-dev $(PAGE)
	@$(BIN)/python benchmarks/run.py long

page: $(PAGE)
	@true

clean:
	rm -rf $(VENV) $(STATIC) page/node_modules dist

# One environment, two stamps: `.installed` says that all that runs is there, `.installed-dev` that the tools of
# testing are there as well. A change of the pins makes both old; installing the larger set renews both.
$(VENV)/.made:
	@scripts/make-venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing eyespot into $(VENV) (some minutes the first time)"
	@$(PIP) -e '.[all]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing eyespot and its tools into $(VENV) (some minutes the first time)"
	@$(PIP) -e '.[all,dev,benchmarks]'
	@touch $(VENV)/.installed $@

# Node comes from PyPI where the machine has none; the page needs it only while it is built.
$(STATIC)/index.html: $(shell find page -type f -not -path '*/node_modules/*' 2>/dev/null) | $(VENV)/.made
	@scripts/get-node $(VENV)
	@echo "Building the page"
	@cd page && export PATH="$(CURDIR)/$(BIN):$$PATH" && npm ci --silent --no-fund --no-audit \
		&& npm run --silent build -- --logLevel warn
	@touch $@
