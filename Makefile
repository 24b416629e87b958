# make run    install, then the whole of DETL on the embedded sample
# make test   install, then lint, types and tests
# make help   the other targets

PYTHON ?= python3
# cpu or gpu: which TensorFlow is installed (see README.md).
EXTRA ?= cpu
BIN := .venv/bin
INSTALLED := .venv/installed-$(EXTRA)
SUMMARY := data/08_reporting/summary.csv
# Made by a run that came to its end; a later run by hand makes a newer summary.
FINISHED := data/08_reporting/.finished
SOURCES := $(shell find src conf data/01_raw -type f -not -name '*.pyc' -not -path '*.egg-info/*')

export DO_NOT_TRACK := true
export MLFLOW_DISABLE_TELEMETRY := true

.PHONY: help install run resume test lint types tests benchmark ui viz clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /\1\t/' | expand -t 10

install: $(INSTALLED) ## make .venv and install the project with what it needs

$(INSTALLED): pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --constraint requirements.lock --group dev --editable ".[$(EXTRA)]"
	@touch $@

run: $(INSTALLED) ## run the pipeline, unless its last result is up to date
	@if $(MAKE) --question --no-print-directory $(FINISHED) && \
			[ -f $(SUMMARY) ] && [ ! $(SUMMARY) -nt $(FINISHED) ]; then \
		echo "Up to date: code, parameters and sample are those of the last run." \
			"'make clean run' trains again."; \
		$(BIN)/python -m detl.closing_table $(SUMMARY); \
	else \
		rm -f $(FINISHED); \
		$(MAKE) --no-print-directory $(FINISHED); \
	fi

$(FINISHED): $(SOURCES) pyproject.toml requirements.lock
	$(BIN)/kedro run --pipeline detl
	@touch $@

resume: $(INSTALLED) ## continue the last run that did not come to its end
	$(BIN)/kedro resume

test: lint types tests ## lint, types and tests

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: $(INSTALLED)
	$(BIN)/mypy

tests: $(INSTALLED)
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

benchmark: $(INSTALLED) ## the table of docs/benchmarks.md, on this machine's processor
	@for stage in ingest pretraining crossvalidation grad_cam startup mlflow_logging; do \
		$(BIN)/python benchmarks/$$stage.py || exit 1; done

ui: $(INSTALLED) ## compare the folds in MLflow, on http://127.0.0.1:5000
	$(BIN)/mlflow ui --host 127.0.0.1 --port 5000 --workers 1 --backend-store-uri sqlite:///mlflow.db

viz: $(INSTALLED) ## see the graph in Kedro-Viz, on http://127.0.0.1:4141
	$(BIN)/kedro viz run --host 127.0.0.1 --port 4141 --no-browser --include-hooks

clean: $(INSTALLED) ## remove what runs have made, of one environment (kedro clean --help)
	$(BIN)/kedro clean
	rm -f $(FINISHED)
	rm -rf .viz
