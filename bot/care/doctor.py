"""`jianfu doctor`: everything that an installation needs, looked at in turn. Nothing is changed and nobody is called.

Only the configured database and this machine are contacted.
"""

from __future__ import annotations

import logging

from bot.care import machine, model
from bot.care.commands import UNFINISHED_RESTORE
from bot.care.finding import Finding
from bot.care.record import Record
from bot.config import Config

MODULES = ("bot", "index", "knowledge")


def examine(config: Config) -> list[Finding]:
    """Look at everything."""
    loggers = [logging.getLogger(name) for name in MODULES]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)  # what is wrong is said by the findings
    record = Record(config)
    try:
        return _examine(config, record)
    finally:
        record.close()
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _examine(config: Config, record: Record) -> list[Finding]:
    found = [Finding("good", "设置", "没有写错的地方")]
    if (config.root / UNFINISHED_RESTORE).exists():
        found.append(Finding("bad", "恢复", "上次恢复没有做完", "运行任何一个别的命令（如 jianfu kb log），会自动收尾"))
    found += record.findings()
    found += record.versions()
    knowledge = record.knowledge()
    if isinstance(knowledge, Finding):
        found.append(knowledge)
    else:
        found.append(Finding("good", "知识库", f"{len(list(knowledge))} 条，版本 {knowledge.version}"))
        found += model.findings(config, knowledge)
    places = machine.folders(config, record.file.parent if record.file is not None else None)
    found += [*machine.disk(places), *machine.permissions(places, record.file)]
    found += [machine.packages(), machine.clock(), *record.clock(), *machine.secrets()]
    found.append(machine.port(config.web.host, config.web.port))
    return found
