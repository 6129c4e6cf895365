PORT ?= 8000
ARGS ?=
# Without PYTHON=... an existing environment keeps the Python it was made with.
PYTHON ?= $(shell test -x .venv/bin/python && echo .venv/bin/python || echo python3)

RUN := .venv/bin/python
COMPILE := $(RUN) -m uv pip compile pyproject.toml --extra embedded --universal --generate-hashes \
	--python-version 3.11 --only-binary :all: --no-header --quiet

# One more than cores: many tests wait for servers that they start, and for disks.
PROCESSES = $$($(RUN) -c 'import os; print(min(os.cpu_count() or 1, 7) + 1)')
PYTEST := -m pytest $(ARGS) --numprocesses $(PROCESSES) --dist worksteal

# Tests start hundreds of processes: compiled once, not by each of them.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help python install install-dev demo demo-reset test test-nightly coverage lint generate lock sbom bench clean

help: ## This list
	@echo "make demo         a running platform with two clinics, at http://127.0.0.1:$(PORT) (PORT=8000)"
	@echo "make demo-reset   throw the demo's data away; the next demo starts anew"
	@echo "make test         all tests (ARGS=\"readings -k current\" for a part)"
	@echo "make test-nightly what shows endurance and odd paths, which make test leaves out"
	@echo "make coverage     all tests, and which lines they reach: a third slower; red below 90 %"
	@echo "make lint         everything CI checks besides the tests (ARGS=\"ruff mypy\" for a part)"
	@echo "make bench        measure this machine"
	@echo "make install      make .venv and install what the platform needs (PYTHON=python3.13)"
	@echo "make generate     write schema.yml, .env.example, docs/settings.md, docs/security-checklist.md and the translations"
	@echo "make lock         write requirements/*.txt from pyproject.toml (ARGS=--upgrade for newer versions)"
	@echo "make sbom         write dist/sbom.json, the list of what is shipped"
	@echo "make clean        remove caches; .venv and the data in var/ stay"

python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed. On Debian and Ubuntu: apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is " \
		+ sys.version.split()[0] + ". Name a newer one, for example: make PYTHON=python3.13 install")'

install: python
	@$(PYTHON) scripts/install.py run

install-dev: python
	@$(PYTHON) scripts/install.py dev

demo: install
	@$(RUN) manage.py demo --port $(PORT)

demo-reset: install
	@$(RUN) manage.py demo --reset

test: install-dev
	@$(RUN) $(PYTEST)

test-nightly: install-dev
	@$(RUN) $(PYTEST) -m nightly

# Not with every run of CI: being measured costs a third of the tests' time on Python 3.11.
coverage: install-dev
	@$(RUN) -m coverage erase
	@$(RUN) -m coverage run $(PYTEST) -p tests.coverage_summary

lint: install-dev
	@$(RUN) -m scripts.lint $(ARGS)

generate: install-dev
	@$(RUN) -m scripts.generated --write
	@$(RUN) -m scripts.translations --write

lock: install-dev
	@$(COMPILE) $(ARGS) --output-file requirements/run.txt
	@$(COMPILE) $(ARGS) --extra aws --constraint requirements/run.txt --output-file requirements/image.txt
	@$(COMPILE) $(ARGS) --group dev --constraint requirements/run.txt --output-file requirements/dev.txt

sbom: install-dev
	@$(RUN) -m scripts.sbom

bench: install-dev
	@$(RUN) -m benchmarks $(ARGS)

clean:
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
