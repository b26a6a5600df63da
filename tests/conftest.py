"""Rules for every test: hub access is off before any library reads the environment; with CI=true a skip fails."""

import logging
import os
from collections.abc import Generator, Iterator

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")

#: What needs a Milvus server and its client is collected by `make milvus` alone.
collect_ignore = [] if "JIANFU_TEST_MILVUS" in os.environ else ["test_dense_milvus.py"]


@pytest.fixture(autouse=True)
def _logging_is_put_back() -> Iterator[None]:
    """What a command sets up for its process (bot/log.py) ends with the test that ran it."""
    loggers = [logging.getLogger(name) for name in (None, "bot", "index", "knowledge")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    for handler in [one for one in loggers[0].handlers if type(one) is logging.StreamHandler]:
        loggers[0].removeHandler(handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where nothing may be left out."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped, and with CI=true nothing may be: {reason}"
    return report
