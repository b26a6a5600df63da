"""config.yaml: it documents the truth, wrong entries are refused at their line, secrets stay in the environment."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot import config as config_module
from bot.config import Config, api_keys, find_config, load_config, telegram_token, webhook_secret
from knowledge.errors import Fault, InvalidFile, JianfuError
from tests.fakes import ROOT


def load(folder: Path, content: str) -> Config:
    path = folder / "config.yaml"
    path.write_text(content, encoding="utf8")
    return load_config(path)


def fault_of(folder: Path, content: str) -> Fault:
    with pytest.raises(InvalidFile) as caught:
        load(folder, content)
    (fault,) = caught.value.faults
    assert fault.path == folder / "config.yaml"
    return fault


# --- the file in the repository ---


def test_file_in_the_repository_states_every_default() -> None:
    written = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf8"))
    assert written == Config().model_dump()
    assert load_config(ROOT / "config.yaml") == Config(root=ROOT)


def test_file_in_the_repository_keeps_the_order_of_the_schema() -> None:
    written = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf8"))
    schema = Config().model_dump()
    assert [(name, list(section)) for name, section in written.items()] == [
        (name, list(section)) for name, section in schema.items()
    ]


# --- what may be left out ---


@pytest.mark.parametrize("content", ["", "# 全部用默认值\n", "log:\n", "answers: {}\n", "web:\n  # port: 1\nlog:\n"])
def test_what_is_left_out_has_its_default(tmp_path: Path, content: str) -> None:
    assert load(tmp_path, content) == Config(root=tmp_path)


def test_one_value_changes_nothing_else(tmp_path: Path) -> None:
    config = load(tmp_path, "answers:\n  answer_probability: 0.75\n  max_history: 0\n")
    assert config.answers.model_dump() == {
        **Config().answers.model_dump(),
        "answer_probability": 0.75,
        "max_history": 0,
    }
    assert config.model_copy(update={"answers": Config().answers}) == Config(root=tmp_path)


# --- what is refused ---


def test_unknown_section_lists_the_known_ones(tmp_path: Path) -> None:
    fault = fault_of(tmp_path, "# 一\nanswer:\n  max_history: 1\n")
    assert (fault.line, fault.field, fault.found) == (2, "answer", "「不认识的字段 answer」")
    assert fault.expected == "下列字段之一：knowledge、model、index、answers、state、review、web、telegram、log"


def test_unknown_key_lists_the_known_ones(tmp_path: Path) -> None:
    fault = fault_of(tmp_path, "web:\n  host: 127.0.0.1\n  prot: 80\n")
    assert (fault.line, fault.field, fault.found) == (3, "web.prot", "「不认识的字段 prot」")
    assert fault.expected.startswith("下列字段之一：host、port、workers、max_body_bytes、concurrent_questions、")


@pytest.mark.parametrize("key", ["root: /", "root:"])
def test_root_cannot_be_written(tmp_path: Path, key: str) -> None:
    fault = fault_of(tmp_path, f"log: {{level: INFO}}\n{key}\n")
    assert (fault.line, fault.field, fault.expected) == (2, "root", "不写这一项")


@pytest.mark.parametrize("key", ["token", "webhook_secret", "bot_token"])
def test_secrets_cannot_be_written(tmp_path: Path, key: str) -> None:
    fault = fault_of(tmp_path, f"telegram:\n  {key}: 123:abc\n")
    assert (fault.line, fault.field) == (2, f"telegram.{key}")
    assert "123:abc" not in str(fault)


@pytest.mark.parametrize(
    ("section", "key", "value", "expected"),
    [
        ("answers", "answer_probability", "1.01", "不大于 1.0"),
        ("answers", "further_probability", "-0.1", "不小于 0.0"),
        ("answers", "clarify_probability", "2", "不大于 1.0"),
        ("answers", "related_probability", '"0.5"', "数字"),
        ("answers", "related_probability", "true", "数字"),
        ("answers", "max_citations", "0", "不小于 1"),
        ("answers", "max_citations", "37", "不大于 36"),
        ("answers", "max_citations", "3.0", "整数"),
        ("answers", "max_options", "1", "不小于 2"),
        ("answers", "max_options", "9", "不大于 8"),
        ("answers", "max_question_characters", "9", "不小于 10"),
        ("answers", "max_question_characters", "4001", "不大于 4000"),
        ("answers", "max_history", "-1", "不小于 0"),
        ("answers", "max_history", "51", "不大于 50"),
        ("model", "threads", "0", "不小于 1"),
        ("model", "threads", "65", "不大于 64"),
        ("model", "allow_downloads", "yes", "true 或 false"),
        ("model", "allow_downloads", "1", "true 或 false"),
        ("model", "name", "5", "文字"),
        ("knowledge", "folder", "", "文字"),
        ("web", "port", "65536", "不大于 65535"),
        ("web", "port", '"80"', "整数"),
        ("web", "port", "-1", "不小于 0"),
        ("web", "max_body_bytes", "1023", "不小于 1024"),
        ("web", "concurrent_questions", "0", "不小于 1"),
        ("telegram", "transport", "push", "'polling'、'webhook' 之一"),
        ("telegram", "webhook_port", "65536", "不大于 65535"),
        ("log", "level", "info", "'DEBUG'、'INFO'、'WARNING'、'ERROR' 之一"),
        ("log", "format", "xml", "'text'、'json' 之一"),
        ("web", "questions_per_minute", "-1", "不小于 0"),
        ("web", "metrics", "1", "true 或 false"),
        ("web", "cors_origins", "https://a.cn", "列表"),
    ],
)
def test_wrong_value_is_refused_at_its_line(tmp_path: Path, section: str, key: str, value: str, expected: str) -> None:
    fault = fault_of(tmp_path, f"# 注释\n{section}:\n  {key}: {value}\n")
    assert (fault.line, fault.field, fault.expected) == (3, f"{section}.{key}", expected)


@pytest.mark.parametrize("key", ["cors_origins", "embed_origins"])
@pytest.mark.parametrize(
    "origin", ["*", "null", "a.cn", "ftp://a.cn", "https://a.cn/", "https://A.cn", "https://a.cn;x", "https://a.cn:0"]
)
def test_an_origin_is_scheme_host_and_port(tmp_path: Path, key: str, origin: str) -> None:
    fault = fault_of(tmp_path, f'web:\n  {key}:\n    - https://oa.example.gov.cn:8443\n    - "{origin}"\n')
    assert (fault.line, fault.field) == (4, f"web.{key}[1]")
    assert fault.expected.startswith("网站来源，形如 https://")


@pytest.mark.parametrize("network", ["localhost", "10.0.0.1/8", "10.0.0", "*"])
def test_a_trusted_proxy_is_an_address_or_a_network(tmp_path: Path, network: str) -> None:
    fault = fault_of(tmp_path, f'web:\n  trusted_proxies: ["10.0.0.0/8", "::1", "{network}"]\n')
    assert (fault.line, fault.field, fault.expected) == (
        2,
        "web.trusted_proxies[2]",
        "IP 地址或网段，形如 127.0.0.1 或 10.0.0.0/8",
    )


@pytest.mark.parametrize("content", ["web: 80\n", "web: [80]\n", "- web\n", "文字\n"])
def test_wrong_shape_is_refused(tmp_path: Path, content: str) -> None:
    assert fault_of(tmp_path, content).expected == "若干字段（名称: 值）"


def test_limits_themselves_are_allowed(tmp_path: Path) -> None:
    config = load(
        tmp_path, "answers: {answer_probability: 1, related_probability: 0, max_options: 8}\nweb: {port: 0}\n"
    )
    assert (config.answers.answer_probability, config.answers.related_probability) == (1.0, 0.0)
    assert (config.answers.max_options, config.web.port) == (8, 0)


def test_configuration_cannot_be_changed_afterwards() -> None:
    config = Config()
    with pytest.raises(ValueError, match="frozen"):
        config.web.port = 1  # type: ignore[misc]


# --- paths ---


def test_relative_paths_start_at_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "config.yaml").write_text("knowledge: {folder: ../kb}\n", encoding="utf8")
    monkeypatch.chdir(tmp_path)
    config = load_config(Path("there/config.yaml"))
    monkeypatch.chdir("/")
    monkeypatch.setenv("HOME", "/home/someone")
    assert config.path(config.knowledge.folder) == tmp_path / "kb"
    assert config.path(config.index.folder) == tmp_path / "there" / "index" / "artifacts"
    assert config.path("/data/kb") == Path("/data/kb")
    assert config.path("~/kb") == Path("/home/someone/kb")


def test_file_is_the_one_named_then_here_then_beside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_config(None) == ROOT / "config.yaml"
    (tmp_path / "config.yaml").write_text("", encoding="utf8")
    assert find_config(None).resolve() == tmp_path / "config.yaml"
    assert find_config("other.yaml") == Path("other.yaml")


# --- secrets ---


def test_token_comes_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JIANFU_TELEGRAM_TOKEN", raising=False)
    assert telegram_token() is None
    monkeypatch.setenv("JIANFU_TELEGRAM_TOKEN", "  \n")
    assert telegram_token() is None
    monkeypatch.setenv("JIANFU_TELEGRAM_TOKEN", " 12:ab\n")
    assert telegram_token() == "12:ab"


def test_webhook_secret_comes_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIANFU_TELEGRAM_WEBHOOK_SECRET", " s_1 ")
    assert webhook_secret() == "s_1"
    monkeypatch.delenv("JIANFU_TELEGRAM_WEBHOOK_SECRET")
    with pytest.raises(JianfuError, match="JIANFU_TELEGRAM_WEBHOOK_SECRET"):
        webhook_secret()


def test_api_keys_come_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JIANFU_API_KEYS", raising=False)
    assert api_keys() == ()
    monkeypatch.setenv("JIANFU_API_KEYS", " , abcdefgh12345678 ,\n0123456789-ABCDEF")
    assert api_keys() == ("abcdefgh12345678", "0123456789-ABCDEF")


@pytest.mark.fault(23)
@pytest.mark.parametrize("key", ["tooshort1234567", "with a blank inside", "钥匙钥匙钥匙钥匙钥匙钥匙钥匙钥匙"])
def test_an_odd_api_key_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("JIANFU_API_KEYS", f"abcdefgh12345678,{key}")
    with pytest.raises(JianfuError, match="JIANFU_API_KEYS 的第 2 个密钥") as caught:
        api_keys()
    assert key not in str(caught.value)


def test_schema_has_no_place_for_a_secret() -> None:
    fields = [name for section in Config().model_dump().values() for name in section]
    assert [name for name in fields if "token" in name or "secret" in name or "password" in name] == []
    assert config_module.TOKEN_VARIABLE == "JIANFU_TELEGRAM_TOKEN"
