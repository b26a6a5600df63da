# make run: set up everything and start.  make test: set up everything and test.  The rest is for developers.
# make quick: the tests of an ordinary day, without the real model, Chromium and long runs.
.PHONY: run test quick milvus check format eval bench capacity loadtest soak growth reliability audit lock bundle offline clean

BIN := .venv/bin
export HF_HUB_OFFLINE := 1

run:
	@scripts/setup.sh run
	@$(BIN)/jianfu prepare
	@exec $(BIN)/jianfu serve

test:
	@scripts/setup.sh dev
	@scripts/system.sh
	@$(BIN)/jianfu prepare
	@$(BIN)/python -m pytest -n auto --dist loadfile --cov --cov-report=term

# The contract of vector engines against a real Milvus: a server of 700 MB in an environment of its own, two gigabytes of memory.
milvus: export JIANFU_TEST_MILVUS := 1
milvus:
	@scripts/setup.sh dev
	@test -x .cache/milvus/bin/python || python3 -m venv .cache/milvus
	@ls -d $(CURDIR)/.venv/lib/python3*/site-packages > $$(ls -d .cache/milvus/lib/python3*/site-packages)/jianfu.pth
	@.cache/milvus/bin/pip install -q --disable-pip-version-check -r tests/milvus.txt
	@$(BIN)/jianfu prepare
	@.cache/milvus/bin/python -m pytest tests/test_dense_contract.py tests/test_dense_milvus.py tests/test_dense_engines.py

quick:
	@scripts/setup.sh dev
	@$(BIN)/python -m pytest -n auto --dist loadfile -m "not model and not browser and not long"

check:
	@scripts/setup.sh dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format:
	@scripts/setup.sh dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

eval:
	@scripts/setup.sh run
	@$(BIN)/python scripts/evaluate.py $(QUESTIONS)

bench:
	@scripts/setup.sh run
	@$(BIN)/jianfu prepare
	@$(BIN)/python scripts/bench.py

# What thousands of notices cost, and whether the real one is still found among them: docs/growth.md (an hour or more).
growth:
	@scripts/setup.sh dev
	@$(BIN)/jianfu prepare
	@$(BIN)/python -m scripts.growth.measure $(if $(NOTICES),--notices $(NOTICES)) $(if $(MINUTES),--minutes $(MINUTES))

# What ten million people would need, from what is measured here: docs/capacity.md.
capacity:
	@scripts/setup.sh dev
	@$(BIN)/jianfu prepare
	@$(BIN)/python -m scripts.capacity.measure

# 500 chats at 1, 2 and 4 workers, and 30 minutes of them at 2: docs/load.md.
loadtest: HOW :=
soak: HOW := --soak --workers 2 --seconds 1800
loadtest soak:
	@scripts/setup.sh dev
	@$(BIN)/jianfu prepare
	@test -x .cache/load/bin/locust || { python3 -m venv .cache/load && .cache/load/bin/pip install -q -r scripts/load/requirements.txt; }
	@$(BIN)/python -m scripts.load.run $(HOW)

# Every test of a fault or an attack, and docs/reliability.md from how it went.
reliability:
	@scripts/setup.sh dev
	@$(BIN)/jianfu prepare
	@$(BIN)/python -m scripts.reliability

# Known advisories of what the locks name; fails where none could be looked up.
audit:
	@scripts/setup.sh dev
	@test -x .cache/audit/bin/pip-audit || { python3 -m venv .cache/audit && .cache/audit/bin/pip install -q pip-audit==2.10.1; }
	@$(BIN)/python -m scripts.audit .cache/audit/bin/pip-audit

lock:
	@scripts/setup.sh dev
	@scripts/lock.sh

# One file that installs on a machine without a network; `make offline` also tries it with the network cut (as root).
bundle:
	@scripts/setup.sh run
	@scripts/bundle.sh dist

offline: bundle
	@scripts/check_offline.sh "$$(ls -t dist/jianfu-offline-*.tar | head -n 1)"

clean:
	rm -rf .venv .cache index/artifacts build *.egg-info .pytest_cache .mypy_cache .ruff_cache htmlcov .coverage
