# make setup   everything needed to run        make test    everything a change must pass
# make demo    a running system with data      make check   style, types and import rules alone
#
# Each step leaves a stamp, so that running again does only what has changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DONE := $(VENV)/.done

STATIC := src/procure/web/static
LOCALES := src/procure/web/locales
LANGUAGES := et ru
PO := $(wildcard $(LOCALES)/*/LC_MESSAGES/*.po)
MO := $(PO:.po=.mo)

PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile

.DEFAULT_GOAL := setup
.DELETE_ON_ERROR:
.PHONY: setup dev demo serve test test-long check lock migration i18n clean

# $(call system,test that passes when it is there,Debian packages,what they are for)
define system
@if $(1) >/dev/null 2>&1; then exit 0; fi; \
if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
  echo "Installing for $(3): $(2)"; \
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
    apt-get -qq install -y --no-install-recommends $(2); } >/dev/null || exit 1; \
else \
  echo "Missing for $(3). Install it, then run make again:"; \
  echo "  sudo apt-get install --no-install-recommends $(2)"; \
  exit 1; \
fi
endef

# $(call install,lock file)
define install
@echo "Installing $(1)"
@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement $(1) \
  || $(BIN)/python -m pip install --quiet --require-hashes --requirement $(1)
endef

# --- Running ----------------------------------------------------------------

setup: $(DONE)/editable $(DONE)/pango $(DONE)/assets $(MO)
	@echo "Ready: make demo"

demo: setup
	$(BIN)/procure demo $(if $(filter 0,$(SERVE)),--no-serve) $(if $(filter 1,$(FRESH)),--fresh)

serve: setup
	$(BIN)/procure serve

$(DONE)/venv:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "No $(PYTHON) found: Python 3.11 or newer is needed (make PYTHON=/path/to/python3)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$$($(PYTHON) --version) is too old: Python 3.11 or newer is needed (make PYTHON=/path/to/python3)."; \
	  exit 1; }
	$(call system,$(PYTHON) -c 'import ensurepip',python3-venv,the Python environment)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@mkdir -p $(DONE)
	@touch $@

$(DONE)/build: requirements-build.lock $(DONE)/venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

$(DONE)/runtime: requirements.lock $(DONE)/build
	$(call install,$<)
	@touch $@

$(DONE)/editable: pyproject.toml $(DONE)/build
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --no-deps --no-build-isolation --editable .
	@touch $@

# WeasyPrint draws text with Pango, which no Python package brings.
$(DONE)/pango: $(DONE)/runtime
	$(call system,$(BIN)/python -c 'import weasyprint',libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0,printed papers)
	@touch $@

$(DONE)/assets: assets/build.py package.json package-lock.json requirements-node.lock \
    $(wildcard $(STATIC)/*.scss) $(DONE)/runtime
	@echo "Building $(STATIC)/vendor"
	@$(BIN)/python assets/build.py
	@touch $@

%.mo: %.po | $(DONE)/runtime
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

# --- Developing -------------------------------------------------------------

dev: setup $(DONE)/dev

$(DONE)/dev: requirements-dev.lock $(DONE)/runtime
	$(call install,$<)
	@touch $@

$(DONE)/test-tools: $(DONE)/dev
	$(call system,test -x /usr/bin/chromium,chromium,tests in a browser)
	$(call system,command -v pdftotext,poppler-utils,tests of printed papers)
	$(call system,command -v qpdf,qpdf,tests of printed papers)
	@touch $@

check: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict src
	$(BIN)/lint-imports
	$(BIN)/python -m procure.db.drift

test: dev $(DONE)/test-tools check
	$(PYTEST) -m "not long"

test-long: dev $(DONE)/test-tools
	$(PYTEST) -m long

# The lock files hold versions and hashes alone: no addresses, no comments.
EXPORT := $(BIN)/uv export --quiet --frozen --format requirements-txt --no-emit-project \
  --no-header --no-annotate

lock: $(DONE)/dev
	$(BIN)/uv lock
	$(EXPORT) --output-file requirements.lock >/dev/null
	$(EXPORT) --group dev --output-file requirements-dev.lock >/dev/null
	$(EXPORT) --only-group build --output-file requirements-build.lock >/dev/null
	$(EXPORT) --only-group node --output-file requirements-node.lock >/dev/null
	npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund

# Until the first release there is one migration, made anew from the tables.
migration: $(DONE)/runtime
	$(BIN)/python -m procure.db.make_migration

# Without --ignore-dirs Babel leaves out every folder whose name begins with _, such as _parts.
i18n: $(DONE)/runtime
	@mkdir -p $(LOCALES)
	$(BIN)/pybabel --quiet extract --mapping-file babel.cfg --ignore-dirs '.*' --keyword n_ --add-location file --sort-by-file \
	  --project Procure --copyright-holder "The Procure maintainers" \
	  --output-file $(LOCALES)/messages.pot src/procure $(wildcard templates)
	@for language in $(LANGUAGES); do \
	  if [ -f $(LOCALES)/$$language/LC_MESSAGES/messages.po ]; then verb="update --no-fuzzy-matching --ignore-pot-creation-date"; else verb=init; fi; \
	  $(BIN)/pybabel --quiet $$verb --input-file $(LOCALES)/messages.pot --output-dir $(LOCALES) \
	    --locale $$language || exit 1; \
	done
	@$(BIN)/pybabel compile --directory $(LOCALES) --statistics

clean:
	rm -rf $(VENV) node_modules $(STATIC)/vendor $(LOCALES)/messages.pot $(MO) \
	  .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
