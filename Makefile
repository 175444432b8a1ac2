# What people do daily. `make demo` and `make test` set up all they need on a machine with Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test quick lint types format docs bench bench-web lock clean

demo: $(VENV)/.run
	@echo "A clinic's morning file, examples/clinic.837, held against the article:"
	@echo
	@$(BIN)/pumpclaim check examples/clinic.837 --fail-on never
	@echo
	@echo "The same for your own files: $(BIN)/pumpclaim check FILE..."
	@echo "The same in the browser: $(BIN)/pumpclaim serve, then open http://127.0.0.1:8239 and drop the files there."

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --dist worksteal

quick: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.test
	$(BIN)/python -m pumpclaim.cli.docs docs

bench: $(VENV)/.bench
	PYTHONPATH=examples:benchmarks $(BIN)/python benchmarks/run.py $(SECTIONS)

bench-web: $(VENV)/.run
	PYTHONPATH=examples:benchmarks $(BIN)/python benchmarks/web_load.py

# The locks pin every version with its hashes. They are made anew with `make lock`.
$(VENV)/.run: requirements/run.txt pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'pumpclaim needs Python 3.11 or newer; try make PYTHON=python3.11')"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements/test.txt scripts/system.sh
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/test.txt
	scripts/system.sh $(VENV)/system
	@touch $@

$(VENV)/.bench: $(VENV)/.test requirements/bench.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/bench.txt
	@touch $@

COMPILE = $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header \
	--no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host
lock: $(VENV)/.test
	$(BIN)/python -m pip install --quiet pip-tools
	$(COMPILE) --upgrade --output-file requirements/run.txt pyproject.toml
	$(COMPILE) --upgrade --constraint requirements/run.txt --extra test --extra lint --extra spark \
		--output-file requirements/test.txt pyproject.toml
	$(COMPILE) --upgrade --constraint requirements/test.txt --extra test --extra lint --extra spark --extra bench \
		--output-file requirements/bench.txt pyproject.toml

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
