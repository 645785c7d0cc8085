# Every target installs what it needs; nothing but Python 3.11 has to be on the machine.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
DATA   ?= .star
PORT   ?= 8000
# Over how many processes the tests are spread: as many as there are cores.
SPREAD ?= logical

.PHONY: help install packages run test check format bench reference kafka kafka-stop clean

help:
	@echo "make run    everything from nothing: install, start, play a demo school, keep serving"
	@echo "make test   the whole suite, on real PostgreSQL and Kafka"
	@echo "make check  format, lint, types, import rules"
	@echo "make bench  the benchmarks, printed and written to bench-results.json"
	@echo "make kafka  a real Apache Kafka on this machine (make kafka-stop ends it)"

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

install: $(VENV)/installed

# Programs that Python packages don't bring; a machine that is no CI machine is left as it is.
packages:
	@.ci/packages java mvn chromium pdftotext pg_ctlcluster

run: install
	$(BIN)/star run --port $(PORT) --data $(DATA)

test: install packages
	$(BIN)/python -m pytest --numprocesses $(SPREAD)

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install
	@.ci/packages java mvn
	$(BIN)/python -m tests.bench

reference: install
	$(BIN)/python -m deploy.reference

kafka: install
	@.ci/packages java mvn
	$(BIN)/python -m deploy.kafka start

kafka-stop: install
	$(BIN)/python -m deploy.kafka stop

clean: kafka-stop
	rm -rf $(VENV) $(DATA) .cache build *.egg-info
