# The commands of a clone. `make` alone lists them.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
, := ,

SITE := --fresh-env --quiet --fail-on-warning --keep-going --conf-dir docs --doctree-dir docs/_build/doctrees .

# Adding or removing a Rust toolchain causes a new installation.
KIND := $(if $(shell command -v cargo),rust,python)
SOURCES := pyproject.toml Cargo.toml Cargo.lock $(shell find build_backend rust -name '*.py' -o -name '*.rs' -o -name '*.toml')

.PHONY: help demo test lint format docs docs-links bench instructions fuzz check-all wheel clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: $(VENV)/.demo-$(KIND) ## build, install, and serve the demo on http://127.0.0.1:8000
	@$(BIN)/python -m fastware demo $(ARGS)

test: $(VENV)/.test-$(KIND) ## run the tests on both engines (ARGS="-k tokens" selects)
	$(BIN)/python -m pytest -n auto $(ARGS)

lint: $(VENV)/.lint-$(KIND) ## check style and types, Python and Rust
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright --project pyproject.toml --pythonpath $(BIN)/python
	$(BIN)/python -m mypy.stubtest fastware._engine._rust
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/zizmor --offline --quiet .github
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings

format: $(VENV)/.lint-$(KIND) ## format the Python and Rust sources
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cargo fmt
	cd fuzz/rust && cargo fmt

docs: $(VENV)/.docs-$(KIND) ## build the documentation site in docs/_build/html; a link without a target is an error
	@rm -rf docs/_build/html
	@$(BIN)/python -m sphinx $(SITE) docs/_build/html
	@echo "Open docs/_build/html/index.html in a browser."

docs-links: $(VENV)/.docs-$(KIND) ## check the links of the documentation to other sites; needs a network
	@$(BIN)/python -m sphinx -b linkcheck $(SITE) docs/_build/links

bench: $(VENV)/.bench-$(KIND) ## run the benchmarks; a table of ratios comes last
	@mkdir -p .benchmarks
	$(BIN)/python -m pytest benches --benchmark-json=.benchmarks/latest.json $(ARGS)

instructions: $(VENV)/.bench-$(KIND) ## count the instructions of the hot paths against the baseline; needs valgrind
	$(BIN)/python -m checks instructions $(ARGS)

fuzz: $(VENV)/.fuzz-$(KIND) ## search for inputs with a wrong result for ten minutes (ARGS="--minutes 60", ARGS=--quick)
	$(BIN)/python -m fuzz $(ARGS)

check-all: $(VENV)/.fuzz-$(KIND) ## run the fuzzers and every long check: an hour (ARGS=--quick: five minutes)
	$(BIN)/python -m fuzz $(ARGS)
	$(BIN)/python -m checks $(ARGS)

wheel: $(VENV)/.wheel ## build the native wheel, the pure-Python wheel and the sdist in dist/
	rm -rf dist
	$(BIN)/python -m build --sdist --outdir dist
	FASTWARE_BUILD=pure $(BIN)/python -m build --wheel --outdir dist
	$(if $(filter rust,$(KIND)),$(BIN)/maturin build --release --locked --interpreter $(BIN)/python --out dist,\
	  @echo "No cargo: the native wheel is skipped.")

clean: ## remove build products and virtual environments
	rm -rf dist docs/_build target $(VENV) .venv-pure .venv-oldest .benchmarks .fuzz .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find python -name '*.so' -delete -o -name __pycache__ -prune -exec rm -rf {} +

# The virtual environment, with the extras that a command needs. It is updated when sources of the engine change.

define install
	@echo "Installing fastware[$(1)] into $(VENV); with cargo, compiling the Rust engine takes half a minute ..."
	@rm -f $(VENV)/install.log $(VENV)/.*-$(if $(filter rust,$(KIND)),python,rust)
	@$(BIN)/python -m pip install --quiet --progress-bar off --disable-pip-version-check --log $(VENV)/install.log --editable '.[$(1)]'
	@$(BIN)/python -c 'from fastware.auth import ENGINE; print("Installed, engine:", ENGINE)'
	@! grep -oh 'fastware: the Rust engine could not be built.*' $(VENV)/install.log || echo "The complete output is in $(VENV)/install.log"
	@touch $@
endef

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "fastware needs Python 3.11 or later; choose one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo-$(KIND): $(BIN)/python $(SOURCES)
	$(call install,cli$(,)server)

$(VENV)/.test-$(KIND): $(BIN)/python $(SOURCES)
	$(call install,test)

$(VENV)/.docs-$(KIND): $(BIN)/python $(SOURCES)
	$(call install,docs)

$(VENV)/.bench-$(KIND): $(BIN)/python $(SOURCES)
	$(call install,bench)
	@$(BIN)/python -m benches.install_peers

$(VENV)/.fuzz-$(KIND): $(BIN)/python $(SOURCES)
	$(call install,fuzz)

$(VENV)/.lint-$(KIND): $(BIN)/python $(SOURCES)
	$(call install,lint$(,)test)

$(VENV)/.wheel: $(BIN)/python pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check build 'maturin>=1.9.4,<2'
	@touch $@
