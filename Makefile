# 公转水 modalshift. Two commands from a fresh clone: `make demo`, then `make serve`.
# Needs make, Python 3.11 or newer with venv, and a package registry. Writes only inside this directory.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
DEMO_DIR := demo-out
BENCH_RESULTS := tests/benchmarks/results
HOST ?= 127.0.0.1
PORT ?= 8000

# Stamps stand inside the venv, so that removing it forgets them too.
VENV_MADE := $(VENV)/.made
RUNTIME_INSTALLED := $(VENV)/.runtime-installed
DEV_INSTALLED := $(VENV)/.dev-installed

.PHONY: help demo serve test torture check bench advisories pictures lock clean
.DELETE_ON_ERROR:

help:
	@echo "make demo   一条命令演示全程 / the whole story on the shipped data, into $(DEMO_DIR)/"
	@echo "make serve  打开网页 / web pages on http://$(HOST):$(PORT)"
	@echo "make test   测试 / tests"
	@echo "make torture 长时间故障测试 / long runs of faults and tampering, some ten minutes"
	@echo "make check  静态检查 / ruff, mypy, import-linter, bandit"
	@echo "make bench  测量 / measure what the README quotes, into $(BENCH_RESULTS)/, README.md and FIGURES.md; some fifty minutes"
	@echo "make advisories  已知漏洞 / known weaknesses of the locked packages"
	@echo "make pictures 拍 README 的图 / take the README's pictures"
	@echo "make lock   更新依赖锁 / refresh the lock files"
	@echo "make clean  清理 / remove the virtual environment and everything generated"

demo: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift demo --out $(DEMO_DIR)

serve: $(DEMO_DIR)/modalshift.db
	$(BIN)/modalshift serve --demo --db sqlite:///$(DEMO_DIR)/modalshift.db --host $(HOST) --port $(PORT)

$(DEMO_DIR)/modalshift.db: | $(RUNTIME_INSTALLED)
	$(BIN)/modalshift demo --out $(DEMO_DIR)

# Bytecode is kept although an environment may say otherwise: three processes and every command that a test starts would
# compile the product, and pytest its plug-ins, anew.
test: $(DEV_INSTALLED)
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder

# Thousands of faults where `make test` draws hundreds; TORTURE_SEED=N draws others.
torture: $(DEV_INSTALLED)
	$(BIN)/python -m pytest -q -s -m torture

check: $(DEV_INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/bandit -q -c pyproject.toml -r optimizer webapp

# Times mean something on a quiet machine only; the load before each bench is stored beside its figures. Each step can
# be run by itself and takes less than ten minutes; all together about an hour.
BENCH_SIZES ?= 1000 1500 2000 3000 4000 5000 10000
BENCH_STEPS := bench-quote bench-plan $(BENCH_SIZES:%=bench-size-%) bench-caps bench-cuts bench-corridors bench-frontier bench-offers bench-proof bench-footprint \
	bench-settle bench-audit bench-evidence bench-statement bench-duplicates bench-serve bench-city bench-mcf bench-mcnd
BENCH_TABLES := $(foreach name,plan plan_sizes plan_caps plan_cuts plan_corridors plan_frontier plan_offers quote footprint proof settle audit evidence statement duplicates serve pages city mcf mcnd,$(wildcard $(BENCH_RESULTS)/$(name).json))
BENCH_SEED ?= 0

bench: $(BENCH_STEPS)
	$(MAKE) bench-table

bench-quote: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench quote --json $(BENCH_RESULTS)/quote.json

bench-plan: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench plan --runs 2 --json $(BENCH_RESULTS)/plan.json

# The growth curve, a size at a time: three generated months of each, planned to a proven gap of 1.5 %.
bench-size-%: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench plan --sizes $* --runs 3 --append --json $(BENCH_RESULTS)/plan_sizes.json

# A large month under a cap on CO2e below what its plan without one emits.
bench-caps: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench plan --sizes 10000 --caps 0.015 --json $(BENCH_RESULTS)/plan_caps.json

# What linking cuts would add to the bound of large months; no plans are made.
bench-cuts: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench plan --sizes 1000,2000,3000 --cuts --json $(BENCH_RESULTS)/plan_cuts.json

# The same corridors of a plan's search given to HiGHS and to CP-SAT.
bench-corridors: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench plan --sizes 1000 --corridors --json $(BENCH_RESULTS)/plan_corridors.json

# Seven points of cost against CO2e, each begun from its neighbour and from nothing.
bench-frontier: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench plan --sizes 1000 --frontier --json $(BENCH_RESULTS)/plan_frontier.json

# 10,000 generated shipments and 2,000 carriers' sailings, no voyages of the planner's own.
bench-offers: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench plan --offers 2000 --json $(BENCH_RESULTS)/plan_offers.json

bench-proof: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench proof --json $(BENCH_RESULTS)/proof.json

bench-footprint: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench footprint --json $(BENCH_RESULTS)/footprint.json

# Up to the size the product is built for: most of the time goes into filling the largest.
bench-settle: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench settle --entries 10000 --entries 100000 --entries 1000000 --json $(BENCH_RESULTS)/settle.json

# BENCH_ENTRIES=1000000 is the size the product is built for; filling it takes five minutes and 5 GiB of disk.
BENCH_ENTRIES ?= 200000
bench-audit: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench audit --runs 1 --entries $(BENCH_ENTRIES) --json $(BENCH_RESULTS)/audit.json

# Every lot with evidence and a calculation of its own; filling takes longer than auditing.
BENCH_LOTS ?= 10000
bench-evidence: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench evidence --lots $(BENCH_LOTS) --json $(BENCH_RESULTS)/evidence.json

bench-statement: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench statement --json $(BENCH_RESULTS)/statement.json

bench-duplicates: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench duplicates --json $(BENCH_RESULTS)/duplicates.json

bench-serve: $(RUNTIME_INSTALLED) $(DEMO_DIR)/modalshift.db
	$(BIN)/modalshift bench serve --of sqlite:///$(DEMO_DIR)/modalshift.db --json $(BENCH_RESULTS)/serve.json

bench-city: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench city --json $(BENCH_RESULTS)/city.json

# Not a part of `make bench`: it needs the development extra and a Chromium.
bench-pages: $(DEV_INSTALLED) $(DEMO_DIR)/modalshift.db
	$(BIN)/modalshift bench pages --of sqlite:///$(DEMO_DIR)/modalshift.db --json $(BENCH_RESULTS)/pages.json

# Problems that nobody has looked at: another BENCH_SEED gives others. Public ones are added file by file with
# `modalshift bench mcf|mcnd FILES... --append --json $(BENCH_RESULTS)/mcf|mcnd.json`.
bench-mcf: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench problems mcf --seed $(BENCH_SEED) --out build/problems/mcf
	$(BIN)/modalshift bench mcf build/problems/mcf --append --json $(BENCH_RESULTS)/mcf.json

bench-mcnd: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench problems mcnd --seed $(BENCH_SEED) --out build/problems/mcnd
	$(BIN)/modalshift bench mcnd build/problems/mcnd --time-limit 60 --append --json $(BENCH_RESULTS)/mcnd.json

bench-table: $(RUNTIME_INSTALLED)
	$(BIN)/modalshift bench table $(BENCH_TABLES) --readme README.md --figures tests/benchmarks/FIGURES.md

# Pictures of the README, from the demo's database; needs a Chromium.
pictures: $(DEV_INSTALLED) $(DEMO_DIR)/modalshift.db
	$(BIN)/python -m tests.webapp.take_pictures $(DEMO_DIR)/modalshift.db

# Known weaknesses of what is locked, from the public advisory service; where that cannot be reached pip-audit names the
# packages that it could not look up. Not part of check: an advisory of tomorrow must not turn a good commit red.
advisories: $(DEV_INSTALLED)
	$(BIN)/pip-audit --requirement requirements-server.lock --require-hashes --disable-pip

# The dev extra is locked against the runtime lock, so that tests run on the very versions that ship.
lock: $(DEV_INSTALLED)
	$(BIN)/uv pip compile pyproject.toml --group build -o requirements.lock $(LOCK_OPTIONS)
	$(BIN)/uv pip compile pyproject.toml --group build --extra dev -c requirements.lock -o requirements-dev.lock $(LOCK_OPTIONS)
	$(BIN)/uv pip compile pyproject.toml --group build --extra server --extra postgres -c requirements.lock \
		-o requirements-server.lock $(LOCK_OPTIONS)

LOCK_OPTIONS := --universal --python-version 3.11 --generate-hashes --upgrade --no-emit-index-url --no-header \
	--no-annotate --quiet

clean:
	rm -rf $(VENV) $(DEMO_DIR) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache

$(VENV_MADE):
	@command -v $(PYTHON) >/dev/null || { \
		echo "找不到 $(PYTHON)。请安装 Python 3.11 或更新版本，或指定：make PYTHON=python3.12"; \
		echo "No $(PYTHON) here. Install Python 3.11 or newer, or name one: make PYTHON=python3.12"; exit 2; } >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) 是 $$($(PYTHON) -V 2>&1)，需要 3.11 或更新版本。可指定：make PYTHON=python3.12"; \
		echo "$(PYTHON) is $$($(PYTHON) -V 2>&1); 3.11 or newer is needed. Name one: make PYTHON=python3.12"; exit 2; } >&2
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) 缺少 venv 模块。Debian/Ubuntu 请先运行：apt-get install python3-venv"; \
		echo "$(PYTHON) lacks the venv module. On Debian/Ubuntu first run: apt-get install python3-venv"; exit 2; } >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@touch $@

# The project itself is built with the locked setuptools (no isolated build that would fetch another one).
$(RUNTIME_INSTALLED): requirements.lock pyproject.toml | $(VENV_MADE)
	@echo "正在安装依赖，首次约需一两分钟…… / installing dependencies, a minute or two the first time ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV_INSTALLED): requirements-dev.lock $(RUNTIME_INSTALLED)
	@echo "正在安装开发依赖…… / installing development dependencies ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
