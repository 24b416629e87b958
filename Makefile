# make run    install, then the whole of DETL on the synthetic sample
# make test   install, then lint, types and tests
# make help   the other targets

PYTHON ?= python3
# cpu or gpu: which TensorFlow is installed (see README.md).
EXTRA ?= cpu
BIN := .venv/bin
INSTALLED := .venv/installed-$(EXTRA)
SUMMARY := data/08_reporting/summary.csv
REPORT := data/08_reporting/report.html
# What a run makes while the earlier result is still there.
NEXT := data/.next
# Made by a run that came to its end; a later run by hand makes a newer summary.
FINISHED := data/08_reporting/.finished
# Prints the options that keep all processors busy. A GPU is kept busy by one process.
WORKERS := $(if $(filter gpu,$(EXTRA)),true,$(BIN)/python -m detl.cluster.this_machine)
# What has been written, added or removed since then. Asked in the recipe, by find: Make
# would divide names at blanks, and take a colon or a semicolon in one for its own.
# Raw data are often links to where they lie.
CHANGED = find -L pyproject.toml requirements.lock src conf data/01_raw \
	\( -name __pycache__ -o -name '*.egg-info' -o -name patient_key \) -prune -o -newer $(FINISHED) -print

PYTEST := $(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

export DO_NOT_TRACK := true
export MLFLOW_DISABLE_TELEMETRY := true
# Material's notice about MkDocs 2, which pyproject.toml excludes.
export NO_MKDOCS_2_WARNING := true

.PHONY: help install run resume test test-long test-cluster test-deploy lint types tests docs docs-serve benchmark ui viz app serve clean

help: ## list the targets, and the pipelines of kedro run --pipeline NAME
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 12
	@printf '\nPipelines (%s/kedro run --pipeline NAME):\n' $(BIN)
	@sed -nE 's/^    "([a-z_-]+)": "(.*)",$$/\1\t\2/p' src/detl/pipeline_registry.py | expand -t 20

install: $(INSTALLED) ## make .venv and install the project with what it needs

$(INSTALLED): pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --constraint requirements.lock --group dev --editable ".[$(EXTRA),cluster]"
	@touch $@

# The result of another environment or of DETL_RESULTS lies elsewhere, and what DETL_DATA
# names may have changed.
run: $(INSTALLED) ## run the pipeline, unless its last result is up to date
	@if [ -z "$$KEDRO_ENV$$DETL_DATA$$DETL_RESULTS" ] && [ -f $(FINISHED) ] && [ -f $(SUMMARY) ] && [ -f $(REPORT) ] && \
			[ ! $(SUMMARY) -nt $(FINISHED) ] && [ -z "$$($(CHANGED) | head -n 1)" ]; then \
		echo "Up to date: code, parameters and sample are those of the last run." \
			"'make clean run' trains again."; \
		$(BIN)/python -m detl.session.closing_table $(SUMMARY); \
	else \
		[ -n "$$KEDRO_ENV$$DETL_RESULTS" ] || rm -f $(FINISHED); \
		options="$$($(WORKERS))"; \
		echo $(BIN)/kedro run --pipeline detl $$options; \
		$(BIN)/kedro run --pipeline detl $$options && \
			{ [ -n "$$KEDRO_ENV$$DETL_DATA$$DETL_RESULTS" ] || [ -e $(NEXT) ] || touch $(FINISHED); }; \
	fi

resume: $(INSTALLED) ## continue the last run that did not come to its end
	$(BIN)/kedro resume $$($(WORKERS))

# What needs one processor runs beside each other, what needs all of them alone.
test: $(INSTALLED) ## lint, types, the documentation's links and tests
	@$(MAKE) --no-print-directory --jobs 2 lint types docs
	@$(MAKE) --no-print-directory tests

test-long: $(INSTALLED) ## interrupted, extended and additional runs, other backends
	$(PYTEST) -m long

test-cluster: $(INSTALLED) ## runs that lose workers, also on Slurm (installed if need be), beside ordinary ones
	PYTHONPATH=tests/support $(BIN)/python tests/cluster/check_kills.py
	PYTHONPATH=tests/support $(BIN)/python tests/cluster/slurm/check_slurm.py

test-deploy: ## the container file, manifests and DAG of deploy/, with tools of PyPI
	PYTHON=$(PYTHON) deploy/check.sh

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: $(INSTALLED)
	$(BIN)/mypy

tests: $(INSTALLED)
	$(PYTEST) -m "not long"

# With --quiet, --strict would count no warning.
docs: $(INSTALLED) ## build the documentation into site/; a broken link is an error
	$(BIN)/mkdocs build --strict

docs-serve: PORT = 8000
docs-serve: $(INSTALLED) ## read the documentation, on http://127.0.0.1:8000 (or PORT=8001)
	@$(BIN)/python -m detl.session.free_port "$(PORT)"
	$(BIN)/mkdocs serve --dev-addr "127.0.0.1:$(PORT)"

benchmark: $(INSTALLED) ## the table of docs/benchmarks.md, on this machine's processor
	@for stage in ingest pretraining crossvalidation grad_cam startup mlflow_logging; do \
		$(BIN)/python benchmarks/$$stage.py || exit 1; done

ui: PORT = 5000
ui: $(INSTALLED) ## compare the folds in MLflow, on http://127.0.0.1:5000 (or PORT=5001)
	@$(BIN)/python -m detl.session.free_port "$(PORT)"
	@$(BIN)/python -m detl.session.moved_store
	@$(BIN)/python -m detl.session.mlflow_view "$(PORT)"
	$(BIN)/mlflow ui --host 127.0.0.1 --port "$(PORT)" --workers 1 --backend-store-uri sqlite:///mlflow.db

viz: PORT = 4141
viz: $(INSTALLED) ## see the graph in Kedro-Viz, on http://127.0.0.1:4141 (or PORT=4142)
	@$(BIN)/python -m detl.session.free_port "$(PORT)"
	@# Where conf/ or the store of MLflow is at fault, Kedro-Viz would wait for ever.
	@$(BIN)/kedro catalog list-patterns > /dev/null
	@echo "The stages at a glance:     http://127.0.0.1:$(PORT)/?pid=stages&types=nodes"
	@echo "Network by network:         http://127.0.0.1:$(PORT)/?pid=__default__&types=nodes"
	@echo "The last run, node by node: http://127.0.0.1:$(PORT)/workflow"
	$(BIN)/kedro viz run --host 127.0.0.1 --port "$(PORT)" --no-browser --include-hooks

app: PORT = 8123
app: NETWORK = alexnet
app: $(INSTALLED) ## a page that answers for one image, on http://127.0.0.1:8123 (or PORT=8124)
	@$(BIN)/python -m detl.session.free_port "$(PORT)"
	$(BIN)/python -m detl.serving.page data/06_models/$(NETWORK)/bundle.zip --port "$(PORT)"

serve: PORT = 5001
serve: $(INSTALLED) ## serve the registered model (kedro register), on http://127.0.0.1:5001
	@$(BIN)/python -m detl.session.free_port "$(PORT)"
	MLFLOW_TRACKING_URI="$${MLFLOW_TRACKING_URI:-sqlite:///mlflow.db}" $(BIN)/python -P \
		src/detl/session/model_server.py --model-uri models:/detl@champion --host 127.0.0.1 --port "$(PORT)"

clean: $(INSTALLED) ## remove what runs have made, of one environment (kedro clean --help)
	$(BIN)/kedro clean
	@[ -f $(SUMMARY) ] || rm -f $(FINISHED)  # else it was another environment's
	rm -rf .viz
