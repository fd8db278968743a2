# `make run` and `make test` work on a machine that has Python 3.11 or newer and make, and nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Every test starts programs of its own: without byte code each start costs two seconds more.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run run-func azurite kql test check lint types imports connector coverage chaos flood fuzz bench package package-test \
	needs-python313 python313 docs docs-assets webhook lock locked closure audit

help: ## show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(READY): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed. If you have one, name it: make $(MAKECMDGOALS) PYTHON=python3.13'; exit 1; }
	@echo 'Installing into $(VENV); this takes about half a minute, once.'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

run: $(READY) ## the gateway on http://127.0.0.1:7071, with an emulated Graph and identity behind it
	@$(BIN)/python -m sandbox $(ARGS)

run-func: $(READY) ## the same in Azure Functions Core Tools, where `func` is on the PATH
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m sandbox --func

test: $(READY) ## all tests
	@$(BIN)/pytest

AZURITE := tests/contract/azurite/node_modules/.package-lock.json

azurite: $(AZURITE) ## Azure Storage's emulator, for the contract tests of the ledger; needs Node.js

$(AZURITE): tests/contract/azurite/package-lock.json
	@command -v npm > /dev/null || { echo 'Node.js 20 or newer and npm are needed.' >&2; exit 1; }
	@npm ci --silent --ignore-scripts --no-audit --no-fund --prefix $(<D)
	@touch $@

KQL := tests/infra/kql/node_modules/.package-lock.json

kql: $(KQL) ## Azure's own parser of queries, for the tests of alerts and workbook; needs Node.js

$(KQL): tests/infra/kql/package-lock.json
	@command -v npm > /dev/null || { echo 'Node.js 20 or newer and npm are needed.' >&2; exit 1; }
	@npm ci --silent --ignore-scripts --no-audit --no-fund --prefix $(<D)
	@touch $@

check: $(READY) lint types imports connector coverage infra locked closure audit ## everything that has to be right before a change lands

lint: $(READY) # style, by ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) # types, by mypy
	$(BIN)/mypy

imports: $(READY) # which module may import which, by import-linter
	$(BIN)/lint-imports

connector: $(READY) ## the custom connector, held against Microsoft's rules and, where they are at hand, its schemas
	@$(BIN)/python -m connectors $(ARGS)

# checkov brings a hundred libraries along: they stay apart from ours. It asks for an older parser than the one here.
INFRA := .venv-infra

$(INFRA)/.ready: infra/requirements.txt
	@$(PYTHON) -m venv $(INFRA)
	@$(INFRA)/bin/pip install --quiet --no-deps --disable-pip-version-check --require-hashes -r infra/requirements.txt
	@touch $@

.PHONY: infra
infra: $(READY) $(INFRA)/.ready ## the templates: their types, checkov's rules and ours, and that they fit the code
	@$(BIN)/python .ci/infra $(INFRA)
	@$(BIN)/pytest -q tests/infra

chaos: $(READY) ## 10 000 requests while 30 % of Graph's calls fail; ARGS='--seed 2' for other faults
	@$(BIN)/python -m chaos $(ARGS)

flood: $(READY) ## 5 000 webhooks, doubled, in disorder, 1 in 20 forged, and the gateway killed twice; ARGS='--kills 0'
	@$(BIN)/python -m chaos.flooding $(ARGS)

fuzz: $(READY) ## 20 000 requests made from the OpenAPI document, each answer held against it; ARGS='--cases 500 --seed 2'
	@$(BIN)/python -m fuzz $(ARGS)

bench: closure ## cold starts, creates per second and memory, against the SDK's documented way and raw httpx
	@$(BIN)/python -m bench $(ARGS)

# The Python that runs the package: PYTHON, if it is that one, else what is installed. A shim may be there without it.
PYTHON_3_13 = $(shell for each in $(PYTHON) python3.13 "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.13.*/bin/python3.13; do \
	"$$each" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null && echo "$$each" && break; done)
WITH_3_13 = $(MAKE) --no-print-directory PYTHON='$(PYTHON_3_13)' VENV=.venv313

needs-python313:
	@test -n '$(PYTHON_3_13)' || { echo 'Python 3.13, which runs the package in Azure, is not here. If you have it, name it: make package PYTHON=python3.13' >&2; exit 1; }

python313: needs-python313 # print the Python 3.13 that was found
	@echo '$(PYTHON_3_13)'

package: needs-python313 ## the zip that is deployed, dist/gateway.zip, beside what it would be without leaving anything out
	@$(WITH_3_13) .venv313/.ready
	@.venv313/bin/python -m package

package-test: needs-python313 ## the end-to-end tests, with the gateway running on the unpacked zip alone
	@$(WITH_3_13) .venv313/.ready
	@.venv313/bin/python -m package.proof

docs: $(READY) ## write what the code says into the documents: what their sessions print, the API documents
	$(BIN)/python -m tests.e2e.documents

docs-assets: $(READY) ## fetch what /api/docs is made with, as recorded; ARGS=5.35.0 takes another release (needs npm)
	$(BIN)/python -m package.docs_assets $(ARGS)

webhook: $(READY) ## what becomes of a webhook, told offline: SOURCE=jira PAYLOAD=event.json, and HEADERS=headers.txt if it was sent
	@$(BIN)/python -m webhook '$(SOURCE)' '$(PAYLOAD)' $(if $(HEADERS),--headers '$(HEADERS)')

# Only the tests with Azurite run these. `--omit` takes the place of what pyproject.toml omits.
UNCOUNTED = $(if $(wildcard $(AZURITE)),,--omit='tests/*,*/pytest-*,shared/ledger_tables.py,shared/queue_storage.py')

coverage: $(READY) # the tests again, with every branch of the product counted
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report $(UNCOUNTED)

# Versions and hashes only: no address, no machine.
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header pyproject.toml
COMPILE_DEV := $(COMPILE) --group dev --constraint requirements.txt
COMPILE_INFRA := $(subst pyproject.toml,--group infra,$(COMPILE))

lock: $(READY) ## write the requirements anew from pyproject.toml; versions that still fit stay
	$(COMPILE) --output-file requirements.txt
	$(COMPILE_DEV) --output-file requirements-dev.txt
	$(COMPILE_INFRA) --output-file infra/requirements.txt

locked: $(READY) # the requirements say what pyproject.toml says
	@cp requirements.txt requirements-dev.txt $(VENV)/
	@cp infra/requirements.txt $(VENV)/requirements-infra.txt
	$(COMPILE) --output-file $(VENV)/requirements.txt
	$(COMPILE_DEV) --output-file $(VENV)/requirements-dev.txt
	$(COMPILE_INFRA) --output-file $(VENV)/requirements-infra.txt
	diff requirements.txt $(VENV)/requirements.txt
	diff requirements-dev.txt $(VENV)/requirements-dev.txt
	diff infra/requirements.txt $(VENV)/requirements-infra.txt

audit: $(READY) # no known vulnerability in the requirements, as far as the database can be asked
	@$(BIN)/python .ci/audit

closure: $(READY) # requirements.txt is enough to load the app
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VENV)/closure
	$(BIN)/uv pip install --quiet --python $(VENV)/closure --require-hashes -r requirements.txt
	$(VENV)/closure/bin/python -c 'import function_app'
