# The commands of the README. All work happens in .venv, made from requirements.lock.
.DELETE_ON_ERROR:
.PHONY: demo env test test-all check report clean docs lock

PYTHON ?= $(shell for p in python3.12 python3.13 python3.11 python3; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo "$$p" && break; done)
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
BIN := .venv/bin
# Some tests wait for a queue or a disk: one process more than there are cores.
PARALLEL := -n $$(($(CORES) + 1)) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

env: .venv/ready

.venv/ready: requirements.lock
	@test -n "$(PYTHON)" || { echo "error: antpipe needs Python 3.11, 3.12 or 3.13 and found none; install one (Debian, Ubuntu: sudo apt install python3 python3-venv), or name it: make env PYTHON=/path/to/python3.12"; exit 1; }
	@"$(PYTHON)" -m venv --clear .venv || { echo "error: python venv failed; on Debian and Ubuntu run: sudo apt install python3-venv"; exit 1; }
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch .venv/ready

demo: env
	"$(BIN)/snakemake" --cores $(CORES)

report: env
	"$(BIN)/snakemake" --report report.zip

test: env
	"$(BIN)/python" -m pytest $(PARALLEL) -m "not slow"

test-all: env
	"$(BIN)/python" -m pytest $(PARALLEL) --durations=25

check: env
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .
	"$(BIN)/mypy"
	"$(BIN)/snakefmt" --check Snakefile workflow
	"$(BIN)/snakemake" --lint

docs: env
	"$(BIN)/python" -m antpipe.config.reference

lock:
	env -u UV_DEFAULT_INDEX -u UV_INDEX_URL -u UV_INDEX -u UV_EXTRA_INDEX_URL uv pip compile pyproject.toml --extra dev \
		--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -q -o requirements.lock

clean:
	rm -rf results .snakemake
