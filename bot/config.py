"""The only file that opens config.yaml. Unknown keys are errors; secrets come from the environment alone."""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from index.dense.choose import FAISS, SCHEMES, check
from knowledge import strict_yaml
from knowledge.errors import InvalidFile, JianfuError

TOKEN_VARIABLE = "JIANFU_TELEGRAM_TOKEN"  # noqa: S105 - the variable's name, not the token
WEBHOOK_SECRET_VARIABLE = "JIANFU_TELEGRAM_WEBHOOK_SECRET"  # noqa: S105 - the same

API_KEYS_VARIABLE = "JIANFU_API_KEYS"
MIN_KEY_CHARACTERS = 16

_ORIGIN = re.compile(r"https?://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?")


def _origin(text: str) -> str:
    """An origin as browsers send it. Raises ValueError with what is expected."""
    if not _ORIGIN.fullmatch(text):
        raise ValueError("网站来源，形如 https://oa.example.gov.cn 或 http://10.0.0.5:8080（小写，结尾没有 /）")
    return text


def _engine(text: str) -> str:
    try:
        check(text)
    except ValueError:
        raise ValueError(f"可用的写法：{SCHEMES}") from None
    return text


def _network(text: str) -> str:
    """An IP address or a network. Raises ValueError with what is expected."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("IP 地址或网段，形如 127.0.0.1 或 10.0.0.0/8") from None
    return text


Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Origin = Annotated[str, AfterValidator(_origin)]
Network = Annotated[str, AfterValidator(_network)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KnowledgeConfig(_Section):
    """Where the notices are; `copies` holds published versions, which `approvals` people agree to, `drafts` what is proposed."""

    folder: str = "knowledge"
    copies: str = "state/knowledge"
    drafts: str = "state/drafts"
    approvals: int = Field(default=1, ge=1, le=2)


class ModelConfig(_Section):
    """Which embedding model, and how it runs. `name` is "builtin", a folder, or a sentence-transformers name."""

    name: str = "builtin"
    adapter: str = "index/adapter.safetensors"
    cache: str = ".cache/models"
    allow_downloads: bool = False
    query_prefix: str = "query: "
    passage_prefix: str = "passage: "
    threads: int = Field(default=1, ge=1, le=64)


class IndexConfig(_Section):
    """Where the index is kept, a cache that may be deleted at any time, and which engine finds the nearest clauses."""

    folder: str = "index/artifacts"
    dense: Annotated[str, AfterValidator(_engine)] = FAISS


class AnswersConfig(_Section):
    """When the assistant answers, offers a choice, or says that the notice does not say."""

    answer_probability: Probability = 0.6
    attack_probability: Probability = 0.2
    further_probability: Probability = 0.2
    clarify_probability: Probability = 0.2
    clarify_ratio: Probability = 0.5
    related_probability: Probability = 0.05
    max_citations: int = Field(default=5, ge=1, le=36)
    max_options: int = Field(default=3, ge=2, le=8)
    max_question_characters: int = Field(default=500, ge=10, le=4000)
    max_history: int = Field(default=6, ge=0, le=50)
    remembered_questions: int = Field(default=1000, ge=0, le=100_000)


class StateConfig(_Section):
    """The database for what outlives a restart: receipts, feedback, settings, updates. `url` is SQLAlchemy's."""

    url: str = "sqlite:///state/jianfu.db"
    keep_days: int = Field(default=90, ge=1, le=3650)


class ReviewConfig(_Section):
    """What is kept for looking after the knowledge: unanswered questions without who asked, and counts. 0 keeps none."""

    keep_questions_days: int = Field(default=30, ge=0, le=365)
    keep_counts_days: int = Field(default=400, ge=0, le=3650)
    group_distance: float = Field(default=0.13, ge=0.0, le=2.0)


class WebConfig(_Section):
    """The web chat and the HTTP API. API keys are never written here (see the environment)."""

    host: str = "127.0.0.1"
    port: int = Field(default=8321, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    max_body_bytes: int = Field(default=65536, ge=1024)
    concurrent_questions: int = Field(default=16, ge=1, le=64)
    questions_per_minute: int = Field(default=60, ge=0, le=1_000_000)
    key_questions_per_minute: int = Field(default=600, ge=0, le=1_000_000)
    require_api_key: bool = False
    trusted_proxies: list[Network] = []
    cors_origins: list[Origin] = []
    embed_origins: list[Origin] = []
    metrics: bool = False
    admin: bool = True
    admin_idle_minutes: int = Field(default=30, ge=1, le=1440)
    admin_session_hours: int = Field(default=12, ge=1, le=168)


class TelegramConfig(_Section):
    """The Telegram bot. The token and the webhook secret are never written here (see the environment)."""

    transport: Literal["polling", "webhook"] = "polling"
    base_url: str = "https://api.telegram.org/bot"
    base_file_url: str = "https://api.telegram.org/file/bot"
    proxy: str = ""
    webhook_url: str = ""
    webhook_listen: str = "127.0.0.1"
    webhook_port: int = Field(default=8322, ge=0, le=65535)
    webhook_path: str = "/telegram"
    keep_update_ids_hours: int = Field(default=48, ge=24, le=720)


class LogConfig(_Section):
    """How much is logged, and in which form. Question text is never logged."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["text", "json"] = "text"


class Config(_Section):
    """Everything in config.yaml, with defaults for what it leaves out."""

    knowledge: KnowledgeConfig = KnowledgeConfig()
    model: ModelConfig = ModelConfig()
    index: IndexConfig = IndexConfig()
    answers: AnswersConfig = AnswersConfig()
    state: StateConfig = StateConfig()
    review: ReviewConfig = ReviewConfig()
    web: WebConfig = WebConfig()
    telegram: TelegramConfig = TelegramConfig()
    log: LogConfig = LogConfig()
    root: Path = Field(default=Path("."), exclude=True)

    @field_validator("*", mode="before")
    @classmethod
    def _empty_section(cls, value: Any) -> Any:
        """A section whose lines were all deleted has its defaults."""
        return {} if value is None else value

    def path(self, relative: str) -> Path:
        """A configured path; relative ones start at the folder that holds config.yaml."""
        return (self.root / Path(relative).expanduser()).resolve()


def load_config(path: Path) -> Config:
    """Read and check a configuration file. Raises InvalidFile with file, line, field and expectation."""
    file = strict_yaml.read(path)
    if isinstance(file.value, dict) and "root" in file.value:
        raise InvalidFile([file.fault(("root",), "root", "不写这一项")])
    config = strict_yaml.validate(Config, file)
    return config.model_copy(update={"root": path.resolve().parent})


def find_config(explicit: str | None) -> Path:
    """The file named on the command line, else ./config.yaml, else the one beside this package."""
    if explicit is not None:
        return Path(explicit)
    here = Path("config.yaml")
    return here if here.is_file() else Path(__file__).resolve().parent.parent / "config.yaml"


def telegram_token() -> str | None:
    """The bot token from the environment, or None."""
    return os.environ.get(TOKEN_VARIABLE, "").strip() or None


def webhook_secret() -> str:
    """The webhook secret from the environment. Raises JianfuError when it is missing."""
    secret = os.environ.get(WEBHOOK_SECRET_VARIABLE, "").strip()
    if not secret:
        raise JianfuError(f"webhook 方式需要环境变量 {WEBHOOK_SECRET_VARIABLE}（1–256 个字母、数字、_ 或 -）")
    return secret


def api_keys() -> tuple[str, ...]:
    """The API keys from the environment, separated by commas. Raises JianfuError for one that is too short or odd."""
    keys = tuple(key for part in os.environ.get(API_KEYS_VARIABLE, "").split(",") if (key := part.strip()))
    for number, key in enumerate(keys, 1):
        if len(key) < MIN_KEY_CHARACTERS or not re.fullmatch(r"[!-~]+", key):
            raise JianfuError(
                f"环境变量 {API_KEYS_VARIABLE} 的第 {number} 个密钥不合规定：至少 {MIN_KEY_CHARACTERS} 个字母、数字或符号，"
                "不含空格和中文；几个密钥用逗号分开"
            )
    return keys
