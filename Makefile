# Every target installs what it needs; nothing but Python 3.11 has to be on the machine.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
DATA   ?= .star
PORT   ?= 8000
SITE   := build/docs
# Over how many processes the tests are spread: as many as there are cores.
SPREAD ?= logical

.PHONY: help install packages run test check format bench bench-quick bench-nation bench-outgoing bench-peers chaos idle leak fuzz reference clients pictures release image-context sbom kafka kafka-stop clean

help:
	@echo "make run    everything from nothing: install, start, play a demo school, keep serving"
	@echo "make test   the whole suite, on real PostgreSQL and Kafka"
	@echo "make check  format, lint, types, import rules"
	@echo "make bench  the benchmarks, printed and written to bench-results.json"
	@echo "make bench-quick  the cost of a mark beside the bare work, against a kept baseline"
	@echo "make bench-nation  a country's morning; NATION='--students 850000' for all of it"
	@echo "make clients  the typed parts of the clients, generated anew"
	@echo "make bench-outgoing  letters, webhooks, uploads: what goes out; OUTGOING='--full' for the size of a country, '--stages letters' for a part"
	@echo "make bench-peers  the same rolls through Kafka Streams, Quix Streams, Faust, Bytewax and a plain service; PEERS='--only quix' for one"
	@echo "make docs   the documentation as a site, into build/docs"
	@echo "make chaos  faults for MINUTES=5 beside traffic, on separate processes, with figures"
	@echo "make idle   the processor's time of each part while nobody asks for anything"
	@echo "make leak   memory of each part under load for MINUTES=60, with a plot"
	@echo "make fuzz   requests and documents of any kind: EXAMPLES=500 of each operation and parser"
	@echo "make pictures  the tutorial's pictures, taken anew from the demo school"
	@echo "make release  the artefacts of a release, in build/release; make image-context and make sbom for these alone"
	@echo "make kafka  a real Apache Kafka on this machine (make kafka-stop ends it)"

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

install: $(VENV)/installed

# Programs that Python packages don't bring; a machine that is no CI machine is left as it is.
packages:
	@.ci/packages java mvn chromium pdftotext pg_ctlcluster promtool cc systemd-analyze curl jq

# The pages of the API are made from the code. Where a change of it leaves all pages as they were, the site stays and is only dated anew.
# The files that Python keeps beside the code are left out: it writes them under other names, which are gone a moment later.
$(SITE)/index.html: $(VENV)/installed $(shell find docs deploy shared services *.md LICENSE -type f -not -path '*/__pycache__/*' 2>/dev/null)
	$(BIN)/python -m deploy.docs_site $(SITE)

.PHONY: docs
docs: $(SITE)/index.html

run: install docs
	$(BIN)/star run --port $(PORT) --data $(DATA)

# Hundreds of processes start in the tests: each would compile the whole tree, where the machine says so.
test: export PYTHONDONTWRITEBYTECODE :=
test: install packages
	$(BIN)/python -m pytest --numprocesses $(SPREAD)

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m clients.generate --check
	@.ci/packages npm
	$(BIN)/python -m deploy.openapi build/openapi
	@.ci/lint-documents

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install
	@.ci/packages java mvn
	$(BIN)/python -m tests.bench

# Under two minutes; prints what moved by more than a fifth, and fails for nothing.
bench-quick: install
	$(BIN)/python -m tests.bench.quick

bench-nation: install
	@.ci/packages java mvn
	$(BIN)/python -m tests.bench.nation $(NATION)

bench-outgoing: install
	$(BIN)/python -m tests.bench.outgoing $(OUTGOING)

# Each peer has an environment of its own, in the cache: none is a dependency of the engine.
bench-peers: install
	@.ci/packages java mvn javac
	$(BIN)/python -m tests.bench.peers $(PEERS)

# The generators have an environment of their own: their dependencies are none of the engine's.
build/generators/installed: clients/generators.txt
	$(PYTHON) -m venv build/generators
	build/generators/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

clients: install build/generators/installed
	@.ci/packages npm
	cd clients/typescript && npm ci --silent
	$(BIN)/python -m clients.generate build/generators/bin

reference: install
	$(BIN)/python -m deploy.reference
	$(BIN)/python -m deploy.dashboards

# The pages are drawn by the machine's Chromium, and dated by its day.
pictures: install
	@.ci/packages chromium
	$(BIN)/python -m tests.pictures

release image-context sbom: install
	$(BIN)/python -m deploy.release $@

# MINUTES=5: how long the faults last; ONLY=disk: those alone whose names hold that word.
chaos: install
	@.ci/packages java mvn cc
	MINUTES=$(or $(MINUTES),5) ONLY='$(ONLY)' $(BIN)/python -m tests.chaos

# EXAMPLES=500: cases of each operation and parser.
fuzz: install
	EXAMPLES=$(or $(EXAMPLES),500) $(BIN)/python -m pytest tests/fuzz

idle: install
	@.ci/packages java mvn
	$(BIN)/python -m tests.bench.idle

leak: install
	@.ci/packages java mvn
	MINUTES=$(or $(MINUTES),60) $(BIN)/python -m tests.bench.leak

kafka: install
	@.ci/packages java mvn
	$(BIN)/python -m deploy.kafka start

kafka-stop: install
	$(BIN)/python -m deploy.kafka stop

clean: kafka-stop
	rm -rf $(VENV) $(DATA) .cache build *.egg-info
