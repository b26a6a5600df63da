"""The engine that a configuration names; only the library of the chosen one is imported."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from knowledge.errors import JianfuError

if TYPE_CHECKING:
    from index.dense.seam import DenseIndex  # brings numpy, which reading the settings does not need

FAISS = "faiss"
_POSTGRESQL = "postgresql+psycopg"
SCHEMES = f"{FAISS}、{_POSTGRESQL}://用户@主机/库"

NOT_INSTALLED = (
    "index.dense 选了 PostgreSQL，而它的库没有装（缺 {name}）。请运行 pip install 'jianfu[postgres]'，或改回 faiss"
)


def check(url: str) -> None:
    """Raises ValueError where no engine is named so."""
    if url != FAISS and url.partition("://")[0] != _POSTGRESQL:
        raise ValueError(url)


@cache
def shared_engine(url: str) -> DenseIndex | None:
    """The engine that replicas share, one for each address in a process; None for FAISS, which is this process's own.

    Raises JianfuError where its library is not installed, or the address cannot be read.
    """
    if url == FAISS:
        return None
    try:
        from index.dense.pgvector import PgvectorIndex  # noqa: PLC0415 - only where it is chosen

        return PgvectorIndex(url)
    except ImportError as error:
        raise JianfuError(NOT_INSTALLED.format(name=error.name)) from error
    except Exception as error:  # an address that SQLAlchemy cannot read; it may hold a password, so it is not repeated
        raise JianfuError(f"index.dense 的地址读不懂；可用的写法：{SCHEMES}") from error
