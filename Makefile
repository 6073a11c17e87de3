# Two commands set up everything: `make run` shows the demo, `make test` runs all tests.
# Both need Python 3.11 or later, with venv, and a network for pip; PYTHON=python3.12 selects one.

PYTHON ?= python3
VENV ?= .venv

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test lint agree bench installed-bench stress fuzz servers installed-servers browsers installed-axe picture dialects reasons guide index clean help

help:
	@echo "make run      set up $(VENV) and open the demo"
	@echo "make test     set up $(VENV) and run linters and all tests; TESTS=tests/fetch for some"
	@echo "make lint     only the linters and mypy"
	@echo "make agree    run random cases in real browsers; N=20000 SEED=7 ENGINES=firefox TABLE=1"
	@echo "make bench    measure side by side; ONLY='layer core' for some, WRITE=1 writes docs/benchmarks.md"
	@echo "make stress   the long run of what tests/stress does a little of; TABLE=1 writes its figures"
	@echo "make fuzz     hostile input, guided by coverage; SECONDS=600 for each target, ONLY='urls rules' for some"
	@echo "make servers  compare every dialect with its real server"
	@echo "make dialects write docs/dialects.md and the JSON Schema anew, make index rules/README.md"
	@echo "make reasons  write docs/reasons anew, make guide the page's view of docs/cors.md"
	@echo "make picture  take the pictures of the demo and of the page again"
	@echo "make clean    remove $(VENV) and what the tools leave behind"
	@echo "PYTHON=python3.12 selects the Python, VENV=folder the environment's place"

run: $(VENV)/.installed
	$(BIN)/corscope demo

# The tests run also where a linter complains, so that one run tells everything.
test: $(VENV)/.tested browsers installed-axe installed-servers
	@status=0; \
	$(MAKE) --no-print-directory lint || status=1; \
	$(BIN)/python -m pytest $(TESTS) || status=1; \
	exit $$status

lint: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The browsers are the system's own; on Debian and its like, root gets them installed.
browsers:
	@set --; \
	command -v chromium >/dev/null || set -- "$$@" chromium; \
	command -v firefox-esr >/dev/null || set -- "$$@" firefox-esr; \
	command -v WebKitWebDriver >/dev/null || set -- "$$@" webkit2gtk-driver; \
	command -v Xvfb >/dev/null || set -- "$$@" xvfb; \
	command -v certutil >/dev/null || set -- "$$@" libnss3-tools; \
	if [ $$# = 0 ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing with apt-get: $$*"; \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends "$$@" >/dev/null \
			&& exit 0; \
	fi; \
	echo "Missing: $$*. The tests that need them are left out: those in tests/browsers, and in"; \
	echo "tests/cli and tests/live those of the demo's page and of starting a browser. On Debian,"; \
	echo "apt install $$* brings them."

# With all engines and TABLE=1, the run writes docs/agreement.md.
agree: $(VENV)/.tested browsers
	$(BIN)/python -m tests.browsers.agree $(foreach word,N SEED ENGINES TABLE,$(if $($(word)),$(word)=$($(word))))

# Everything side by side in one run, on a machine that does nothing else.
bench: $(VENV)/.benched installed-bench
	$(BIN)/python -m benchmarks $(ONLY) $(if $(WRITE),--write) $(if $(QUICK),--quick)

# Load generators and the peers that are compared.
installed-bench:
	@benchmarks/install

stress: $(VENV)/.tested browsers
	CORSCOPE_STRESS=full TABLE=$(TABLE) $(BIN)/python -m pytest tests/stress

# What is found is kept below .fuzz, and told with the command that tries it again.
fuzz: $(VENV)/.tested
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),600) $(ONLY)

# Every server, not only those that a run of the tests picks.
servers: $(VENV)/.tested installed-servers
	CORSCOPE_SERVERS=all $(BIN)/python -m pytest tests/servers

installed-servers:
	@PYTHON=$(PYTHON) tests/servers/real/install

# What looks for faults that keep people from using the page.
installed-axe:
	@tests/browsers/axe/install

picture: $(VENV)/.tested browsers
	$(BIN)/python -m tests.cli.demo_driver docs/images
	$(BIN)/python -m tests.browsers.web_page docs/images
	$(BIN)/python -m tests.browsers.travel_pictures docs/images

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .fuzz build dist

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "$(PYTHON) is missing: corscope needs Python 3.11 or later (PYTHON=… names it)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is $$($(PYTHON) --version 2>&1), but corscope needs Python 3.11 or later."; \
		echo "Name one: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) has no venv: on Debian, apt install python3-venv brings it"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# What the dialects answer, as a page, and the keys of a rule file for editors.
dialects: $(VENV)/.tested
	$(BIN)/python -c "from pathlib import Path; from corscope.servers.habits import markdown; \
	from corscope.servers.registry import dialects; \
	Path('docs/dialects.md').write_text(markdown(dialects()), encoding='utf-8')"
	$(BIN)/python -c "from pathlib import Path; from corscope.rules.schema import schema_text; \
	Path('addon/corscope/rules/schema.json').write_text(schema_text(), encoding='utf-8')"

# What there is to say of every reason and finding, a page each.
reasons: $(VENV)/.tested
	$(BIN)/python -c "from pathlib import Path; from corscope.explain.articles.pages import reason_pages; \
	folder = Path('docs/reasons'); folder.mkdir(exist_ok=True); \
	[page.unlink() for page in folder.glob('*.md') if page.name not in reason_pages()]; \
	[(folder / name).write_text(text, encoding='utf-8') for name, text in reason_pages().items()]"

# docs/cors.md as the page shows it.
guide: $(VENV)/.tested
	$(BIN)/python -m tests.web.guide

# What rule files there are to begin from, as a page.
index: $(VENV)/.tested
	$(BIN)/python -c "from pathlib import Path; from corscope.cli.new import index_text; \
	Path('rules/README.md').write_text(index_text(), encoding='utf-8')"

# The package is installed as a link to addon/, so that a change there needs no new installation.
$(VENV)/.installed: pyproject.toml $(VENV)/bin/python
	$(PIP) install --editable .
	@touch $@

$(VENV)/.tested: pyproject.toml $(VENV)/bin/python
	$(PIP) install --editable '.[test]'
	@touch $@ $(VENV)/.installed

$(VENV)/.benched: pyproject.toml $(VENV)/bin/python
	$(PIP) install --editable '.[test,bench]'
	@touch $@ $(VENV)/.tested $(VENV)/.installed
