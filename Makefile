# Each target brings what it needs: a virtual environment in .venv and one extra of setup.cfg, installed once.
PYTHON3 ?= python3
VENV := .venv
INTEROP := tests/interop
PYTHON := $(VENV)/bin/python
PIP_INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore
.DEFAULT_GOAL := help
.PHONY: help demo test cover endurance interop node-packages redis-server chromium glewlwyd lint docs vendors site recipes listing bench dist lowest audit clean

# A worker that is done takes over tests of the others. ARGS reach pytest: make test ARGS='-k renewal'.
# Bytecode is kept, whatever the environment says: without it each worker, and each process that a test starts, compiles
# everything anew, which is half of all that the tests cost.
PYTEST := PYTHONDONTWRITEBYTECODE= $(PYTHON) -m pytest -q -n auto --dist worksteal

help:
	@echo "make demo       watch one token serve many callers, for five vendors and every client"
	@echo "make test       run the tests, in parallel"
	@echo "make cover      run the same tests and require that every branch is covered"
	@echo "make endurance  run what takes minutes: crowds, killed processes, the real clock, a browser, 10,000 examples"
	@echo "make interop    run the tests against servers that other people wrote"
	@echo "make lint       ruff, mypy and the import contracts"
	@echo "make docs       renew docs/vendors.md and docs/conformance.md, and build the site in docs/_build"
	@echo "make site       build the site alone"
	@echo "make recipes    run what README and docs show with every library they name, and check its types"
	@echo "make vendors    ask each vendor's token endpoint, over the network, whether it answers as its preset says"
	@echo "make listing    renew the listing of files in CONTRIBUTING.md"
	@echo "make bench      measure this package beside what one would use instead"
	@echo "make dist       build sdist and wheel, check them, and install the wheel with each extra alone"
	@echo "make lowest     run the core's tests with the lowest release of each library that setup.cfg allows"
	@echo "make audit      look, over the network, for known faults of the libraries that users install"
	@echo "make clean      remove the virtual environment and what the tools left behind"

demo: $(VENV)/.installed-cli
	@$(VENV)/bin/oauth-cc-auth demo

test: $(VENV)/.installed-test redis-server
	@$(PYTEST) $(ARGS)

cover: $(VENV)/.installed-test redis-server
	@$(PYTEST) --cov --cov-report=term-missing:skip-covered $(ARGS)

# Property tests mark themselves as `hypothesis`; they run here once more, with many more examples. Fleets and crowds
# have limits in seconds on two cores, so each of them has the machine to itself.
EXAMPLES := 10000
FLEETS := tests/stores tests/login
endurance: $(VENV)/.installed-test redis-server chromium
	@OAUTH_CC_AUTH_EXAMPLES=$(EXAMPLES) $(PYTEST) -m 'endurance or hypothesis' --timeout=900 $(FLEETS:%=--ignore=%) $(ARGS)
	@$(PYTHON) -m pytest -q -m endurance --timeout=600 $(FLEETS) $(ARGS)

# What is missing is skipped, and said so; with INTEROP_REQUIRED=1 it is a failure.
interop: $(VENV)/.installed-interop node-packages glewlwyd
	@$(PYTEST) --dist loadscope $(INTEROP) $(ARGS)

lint: $(VENV)/.installed-dev
	@$(PYTHON) -m ruff check --quiet .
	@$(PYTHON) -m ruff format --quiet --check .
	@$(PYTHON) -m mypy --no-error-summary
	@$(VENV)/bin/lint-imports --no-cache >$(VENV)/lint-imports.log || { cat $(VENV)/lint-imports.log; exit 1; }

docs: $(VENV)/.installed-cli
	@$(PYTHON) -m maintenance
	@$(PYTHON) tests/support/conformance.py
	@$(MAKE) --silent site

# A warning is an error, a broken link among them. Sphinx 9 needs Python 3.11; the package itself does not.
site: $(VENV)/.installed-docs
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "The site needs Python 3.11 or newer: make site VENV=.venv-site PYTHON3=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -m sphinx --quiet --fail-on-warning --keep-going --fresh-env --jobs auto -b dirhtml docs docs/_build

# Over the network, once a month: what has changed at a vendor. ARGS names presets: make vendors ARGS='zoom xero'.
vendors: $(VENV)/.installed-cli
	@$(PYTHON) -m maintenance vendors $(ARGS)

# In a virtual environment of its own, with the libraries that the docs name beside ours.
recipes:
	@$(MAKE) --silent VENV=.venv-recipes .venv-recipes/.installed-recipes
	@.venv-recipes/bin/python -m pytest -q tests/package/test_readme.py tests/package/test_recipes.py $(ARGS)
	@.venv-recipes/bin/python tests/support/blocks.py .venv-recipes/blocks
	@.venv-recipes/bin/python -m mypy --config-file tests/typing/mypy.ini .venv-recipes/blocks/*.py tests/typing/api.py
	@.venv-recipes/bin/pyright --project tests/typing --pythonpath .venv-recipes/bin/python

listing: | $(PYTHON)
	@$(PYTHON) tests/support/listing.py

# In a virtual environment of its own, with the libraries it compares with; ARGS=--write-docs renews the docs.
bench:
	@$(MAKE) --silent VENV=.venv-bench .venv-bench/.installed-all
	@cmp -s benchmarks/requirements.txt .venv-bench/.installed-peers || .venv-bench/bin/python -m pip install --quiet \
		--disable-pip-version-check --root-user-action=ignore --requirement benchmarks/requirements.txt
	@cp benchmarks/requirements.txt .venv-bench/.installed-peers
	@.venv-bench/bin/python -m benchmarks $(ARGS)

# Some minutes: an empty virtual environment for each extra.
dist: $(VENV)/.installed-cli $(VENV)/.installed-dist
	@$(PYTHON) -m maintenance dist

# In a virtual environment of its own. What the tests themselves need may be new; pytest-httpx would need a newer httpx.
# Left out is what the old libraries do otherwise by themselves: requests 2.31 counts characters of a text as bytes,
# aiohttp 3.13 unpacks a refused answer in large pieces and sends a pipe's multipart again, httpx 0.27 needs an event
# loop of its own kind for an AsyncClient without I/O, and grpcio 1.60 ends a call's future and stream at other moments.
lowest:
	@$(MAKE) --silent VENV=.venv-lowest .venv-lowest/.lowest
	@PYTHONDONTWRITEBYTECODE= .venv-lowest/bin/python -m pytest -q -n auto -p no:randomly $(LOWEST) $(ARGS)

LOWEST := tests/values tests/doors tests/stores tests/cli/test_cli.py tests/cli/test_httpie.py \
	--ignore tests/doors/test_door_mocks.py --ignore tests/doors/test_own_door.py \
	--deselect 'tests/doors/test_door_bodies.py::test_a_body_that_can_be_sent_again_is[requests]' \
	--deselect 'tests/doors/test_door_bodies.py::test_multipart_of_a_pipe[aiohttp]' \
	--deselect 'tests/doors/test_door_lengths.py::test_a_refusal_that_grows_as_it_is_read[aiohttp-True-1]' \
	--deselect 'tests/doors/test_door_lengths.py::test_a_refusal_that_grows_as_it_is_read[aiohttp-False-1]' \
	--deselect 'tests/doors/test_hot_path.py::test_async_httpx[httpx]' \
	--deselect tests/doors/test_grpc.py::test_a_future_is_not_waited_for \
	--deselect tests/doors/test_grpc.py::test_a_stream_of_an_event_loop_heals_the_next

.venv-lowest/.lowest: setup.cfg | $(PYTHON)
	@$(PYTHON) -m maintenance.lowest >.venv-lowest/constraints.txt
	@$(PIP_INSTALL) --constraint .venv-lowest/constraints.txt --editable '.[all]' greenlet hypothesis opentelemetry-sdk \
		pytest pytest-cov pytest-randomly pytest-rerunfailures pytest-timeout pytest-xdist requests-mock respx responses
	@cp setup.cfg $@

# In a virtual environment of its own, so that it judges what users get, and not our tools.
audit:
	@$(MAKE) --silent VENV=.venv-audit .venv-audit/.installed-all
	@$(MAKE) --silent $(VENV)/.installed-dist
	@.venv-audit/bin/python -m pip freeze --exclude-editable >.venv-audit/installed.txt
	@$(PYTHON) -m pip_audit --requirement .venv-audit/installed.txt --no-deps --disable-pip --strict --progress-spinner off $(ARGS)

clean:
	@rm -rf $(VENV) .venv-bench .venv-recipes .venv-lowest .venv-audit docs/_build build dist *.egg-info .coverage* .hypothesis .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache $(INTEROP)/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# niquests brings a fork of urllib3, which installs itself over urllib3 unless it is built here and told not to. The tests
# want both as they are.
NIQUESTS := URLLIB3_NO_OVERRIDE=1 $(PIP_INSTALL) --no-binary urllib3-future --editable '.[niquests]'

# The stamp is a copy of setup.cfg: a checkout that only touches the file installs nothing, so that an installed
# project tests without a network.
$(VENV)/.installed-%: setup.cfg | $(PYTHON)
	@cmp -s setup.cfg $@ || { $(PIP_INSTALL) --editable '.[$*]'; }
	@cmp -s setup.cfg $@ || case $* in test|dev|recipes|interop) $(NIQUESTS) || \
		echo "*** The tests with niquests are skipped: it cannot be installed beside urllib3 ***";; esac
	@cp setup.cfg $@

# Installs a Debian package, once at a time. Some would start a server for everybody, unless a policy denies it.
define APT_INSTALL
command -v $@ >/dev/null || { \
	[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && { \
		policy=/usr/sbin/policy-rc.d; \
		[ -e $$policy ] || { trap "rm -f $$policy" EXIT; printf '#!/bin/sh\nexit 101\n' >$$policy; chmod +x $$policy; }; \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install --yes \
			--no-install-recommends $@; \
	} >$(VENV)/$@.log 2>&1 || \
	echo "*** The tests $(1) are skipped: there is no $@, and it cannot be installed ***"; }
endef

# The tests start a Redis of their own.
redis-server: | $(PYTHON)
	@$(call APT_INSTALL,on a real Redis)

# The tests look at the login's pages in it. After Redis, because apt-get runs once at a time.
chromium: | $(PYTHON) redis-server
	@$(call APT_INSTALL,in a real browser)

glewlwyd: | $(PYTHON)
	@$(call APT_INSTALL,with the server glewlwyd)

# Node.js comes as a Python package, so that nothing is installed beside the virtual environment.
node-packages: $(VENV)/.installed-interop
	@cmp -s $(INTEROP)/package.json $(INTEROP)/node_modules/.installed || { \
		$(PIP_INSTALL) --editable '.[node]' && \
		PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm install --prefix $(INTEROP) --no-package-lock --ignore-scripts --no-audit --no-fund && \
		cp $(INTEROP)/package.json $(INTEROP)/node_modules/.installed; \
	} >$(VENV)/node.log 2>&1 || \
		echo "*** The tests with node-oidc-provider and of MCP are skipped: Node.js or its packages cannot be installed ***"

# Debian ships venv without ensurepip, in a package of its own.
$(PYTHON):
	@command -v $(PYTHON3) >/dev/null || { echo "Python 3.10 or newer is needed: make PYTHON3=/path/to/python" >&2; exit 1; }
	@$(PYTHON3) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "$$($(PYTHON3) --version) is too old, 3.10 is needed: make PYTHON3=/path/to/python" >&2; exit 1; }
	@$(PYTHON3) -c 'import ensurepip' 2>/dev/null || { \
		package=$$($(PYTHON3) -c 'import sys; print("python{}.{}-venv".format(*sys.version_info))'); \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes "$$package" >/dev/null; \
		else \
			echo "$(PYTHON3) cannot create a virtual environment; on Debian: sudo apt install $$package" >&2; exit 1; \
		fi; }
	@$(PYTHON3) -m venv $(VENV)
