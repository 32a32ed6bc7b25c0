# What people run and what CI runs. `make` alone lists the targets.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
, := ,

# A Rust toolchain that comes or goes makes another installation.
KIND := $(if $(shell command -v cargo),rust,python)
SOURCES := pyproject.toml Cargo.toml Cargo.lock $(shell find build_backend rust -name '*.py' -o -name '*.rs' -o -name '*.toml')

.PHONY: help demo test bench bench-quick chart bench-growth bench-memory soak siege fuzz memory memcheck bench-constant-time \
        bench-crates instructions instructions-baseline lint format wheel check-wheels clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-22s %s\n", $$1, $$2}'

demo: $(VENV)/.demo-$(KIND) ## build, install, and serve the demo on http://127.0.0.1:8000
	@$(BIN)/python -m examples.demo $(ARGS)

test: $(VENV)/.test-$(KIND) ## run the tests on both engines (ARGS="-k tokens" chooses)
	$(BIN)/python -m pytest $(ARGS)

bench: $(VENV)/.bench-$(KIND) ## run the benchmarks; a table of ratios comes last
	@mkdir -p .benchmarks
	$(BIN)/python -m pytest benches --benchmark-json=.benchmarks/latest.json $(ARGS)

bench-quick: $(VENV)/.bench-$(KIND) ## check that all contenders agree, and time them too briefly to mean much
	$(BIN)/python -m pytest benches --benchmark-max-time=0.01 --benchmark-min-rounds=3 $(ARGS)

RUN ?= .benchmarks/latest.json
chart: $(VENV)/.bench-$(KIND) ## put the last `make bench` into docs/: the chart and the goals (RUN=before.json: another)
	$(BIN)/python -m benches.chart $(RUN) docs/benchmarks.svg
	$(BIN)/python -m benches.goals_table $(RUN)

bench-growth: $(VENV)/.bench-$(KIND) ## measure how costs grow with input, keys and threads (ARGS=--quick for a check)
	$(BIN)/python -m benches.growth $(ARGS)

bench-memory: $(VENV)/.bench-$(KIND) ## measure memory and worst delays of a million rate-limit keys
	$(BIN)/python -m benches.bucket_memory $(ARGS)

memory: $(VENV)/.test-$(KIND) ## make ten million calls of each engine function: none may leave memory behind (ARGS=--quick)
	$(BIN)/python -m benches.memory $(ARGS)

memcheck: $(VENV)/.test-$(KIND) ## make every call of the Rust engine under valgrind's memcheck
	$(BIN)/python -m benches.memory.memcheck

soak: $(VENV)/.bench-$(KIND) ## load fastware and FastAPI under Granian, a minute each for each request; needs wrk
	$(BIN)/python -m benches.soak $(ARGS)

siege: $(VENV)/.test-$(KIND) ## attack fastware under Granian and uvicorn, and kill workers: four minutes (ARGS=--quick for a check)
	$(BIN)/python -m benches.siege $(ARGS)

bench-constant-time: $(VENV)/.bench-$(KIND) ## look for comparisons of secrets that take longer where more bytes agree
	$(BIN)/python -m benches.constant_time $(ARGS)

bench-crates: ## measure crates that could do the engine's work, see docs/crates.md (ARGS="hmac json" chooses)
	cd benches/crates && cargo run --release --locked --quiet -- $(ARGS)

instructions: $(VENV)/.bench-$(KIND) ## check that no hot path takes more instructions than it did; needs valgrind
	$(BIN)/python -m benches.instructions

instructions-baseline: $(VENV)/.bench-$(KIND) ## write down what the hot paths take now
	$(BIN)/python -m benches.instructions --baseline

fuzz: $(VENV)/.fuzz-$(KIND) ## look for inputs that get a wrong answer, ten minutes long (ARGS="--minutes 60", ARGS=--quick)
	$(BIN)/python -m fuzz $(ARGS)

lint: $(VENV)/.lint-$(KIND) ## check style and types, Python and Rust
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest fastware._engine._rust
	cargo fmt --check
	cd benches/crates && cargo fmt --check
	cd fuzz/rust && cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings

format: $(VENV)/.lint-$(KIND) ## put Python and Rust sources in form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cargo fmt
	cd benches/crates && cargo fmt
	cd fuzz/rust && cargo fmt

wheel: $(VENV)/.wheel ## make the native wheel, the pure-Python wheel and the sdist in dist/
	rm -rf dist
	$(BIN)/python -m build --sdist --outdir dist
	$(BIN)/maturin build --release --locked --interpreter $(BIN)/python --out dist
	FASTWARE_BUILD=pure $(BIN)/python -m build --wheel --outdir dist

check-wheels: $(VENV)/.test-$(KIND) wheel ## install each of dist/ in a clean virtual environment, and use it
	$(BIN)/python -m pytest -m distributions $(ARGS)

clean: ## remove what was built
	rm -rf dist target $(VENV) .venv-pure .demo .benchmarks .fuzz .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find python -name '*.so' -delete -o -name __pycache__ -prune -exec rm -rf {} +

# The virtual environment, with the extras that a target needs. It is brought up to date when sources of the engine change.

define install
	@echo "Installing fastware[$(1)] into $(VENV); compiling the Rust engine, where there is cargo, takes half a minute ..."
	@rm -f $(VENV)/install.log $(VENV)/.*-$(if $(filter rust,$(KIND)),python,rust)
	@$(BIN)/python -m pip install --quiet --progress-bar off --disable-pip-version-check --log $(VENV)/install.log --editable '.[$(1)]'
	@$(BIN)/python -c 'from fastware.auth import ENGINE; print("Installed, engine:", ENGINE)'
	@! grep -oh 'fastware: the Rust engine could not be built.*' $(VENV)/install.log || echo "The whole output is in $(VENV)/install.log"
	@touch $@
endef

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "fastware needs Python 3.11 or later; choose one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo-$(KIND): $(BIN)/python $(SOURCES)
	$(call install,auth$(,)server)

$(VENV)/.test-$(KIND): $(BIN)/python $(SOURCES)
	$(call install,test)

$(VENV)/.bench-$(KIND): $(BIN)/python $(SOURCES)
	$(call install,bench)
	@$(BIN)/python -m benches.install_peers

$(VENV)/.fuzz-$(KIND): $(BIN)/python $(SOURCES)
	$(call install,fuzz)

$(VENV)/.lint-$(KIND): $(BIN)/python $(SOURCES)
	$(call install,lint$(,)test$(,)bench)

$(VENV)/.wheel: $(BIN)/python pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check build 'maturin>=1.9.4,<2'
	@touch $@
