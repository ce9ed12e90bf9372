# The commands of the README. All work happens in .venv, made from requirements.lock.
.DELETE_ON_ERROR:
.PHONY: demo env test test-all check report clean docs lock

PYTHON ?= $(firstword $(foreach v,3.12 3.13 3.11,$(if $(shell command -v python$(v) 2>/dev/null),python$(v))) python3)
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
BIN := .venv/bin

env: .venv/ready

.venv/ready: requirements.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else f"antpipe needs Python 3.11, 3.12 or 3.13, but $(PYTHON) is {v[0]}.{v[1]}; install one, or run: make env PYTHON=/path/to/python3.12")'
	@"$(PYTHON)" -m venv --clear .venv || { echo "error: python venv failed; on Debian and Ubuntu run: sudo apt install python3-venv"; exit 1; }
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch .venv/ready

demo: env
	"$(BIN)/snakemake" --cores $(CORES)
	@echo
	@echo "Done. Look at: results/report/summary.html (page), results/report/*.mp4 (films with poses)"

report: env
	"$(BIN)/snakemake" --report report.zip

test: env
	"$(BIN)/python" -m pytest -m "not slow"

test-all: env
	"$(BIN)/python" -m pytest

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
