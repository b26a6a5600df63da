"""Milvus, for more vectors than one database should carry: it shards and replicates by itself. The only file that imports pymilvus.

Each publication fills a collection of its own, which gets the revision's alias only once it is whole: whoever is killed
leaves a collection that nobody finds, and the next publication an hour later drops it.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from pymilvus import DataType, MilvusClient
from pymilvus.exceptions import MilvusException

from index.dense.seam import DenseUnavailable, Rows, UnknownRevision, check
from index.embedder import Vectors

#: Up to so many rows a revision is read through (exact); past it, HNSW, which looks as far as EF.
EXACT_ROWS = 20_000
EF = 400
#: As many as Milvus gives at once.
MOST_HITS = 16_384
BATCH = 2_000
TEXT_BYTES = 65_535
CONNECT_SECONDS = 5.0
#: A collection without an alias is somebody's who is still filling it, or nobody's after so long.
LEFT_SECONDS = 3600.0
_PREFIX = "jianfu_"
_NOT_FOUND = 100


class MilvusIndex:
    """One Milvus, shared by any number of processes."""

    name = "Milvus"

    def __init__(self, url: str, keep: int = 4) -> None:
        """`url` is milvus://host:port, with user:password@ before the host where it asks for them. Nothing is connected yet."""
        parts = urlsplit(url)
        if not parts.hostname or not parts.port:
            raise ValueError("milvus://host:port")
        self._options: dict[str, Any] = {"uri": f"http://{parts.hostname}:{parts.port}", "timeout": CONNECT_SECONDS}
        if parts.username:
            self._options["token"] = f"{parts.username}:{parts.password or ''}"
        self._keep = keep
        self._client: MilvusClient | None = None
        self._dimensions: dict[str, int] = {}

    def publish(self, revision: str, rows: Rows) -> None:
        """As in the seam."""
        alias = _alias(revision)
        with self._connected() as client:
            if self._collection(client, alias) is not None:
                return
            name = f"{alias}_{int(time.time())}_{secrets.token_hex(4)}"
            self._fill(client, name, rows)
            try:
                client.create_alias(name, alias)
            except MilvusException:  # another process was quicker
                client.drop_collection(name)
                if self._collection(client, alias) is None:
                    raise
            self._drop_old(client)

    def holds(self, revision: str) -> bool:
        """As in the seam."""
        with self._connected() as client:
            return self._collection(client, _alias(revision)) is not None

    def search(
        self, revision: str, vector: Vectors, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """As in the seam."""
        alias = _alias(revision)
        with self._connected() as client:
            if alias not in self._dimensions:
                if self._collection(client, alias) is None:
                    raise UnknownRevision(revision)
                fields = client.describe_collection(alias)["fields"]
                self._dimensions[alias] = int(next(one["params"]["dim"] for one in fields if one["name"] == "vector"))
            check(vector, self._dimensions[alias])
            if k < 1 or (documents is not None and not documents):
                return []
            try:
                found = client.search(
                    alias,
                    data=[np.asarray(vector, dtype=np.float32).tolist()],
                    limit=min(k, MOST_HITS),
                    filter="" if documents is None else f"document in {json.dumps(sorted(documents))}",
                    search_params={"metric_type": "IP", "params": {"ef": max(EF, min(k, MOST_HITS))}},
                    consistency_level="Strong",
                )[0]
            except MilvusException as error:
                if error.code != _NOT_FOUND:
                    raise
                self._dimensions.pop(alias, None)
                raise UnknownRevision(revision) from error
            pairs = [(int(one["row"] if "row" in one else one["id"]), float(one["distance"])) for one in found]
            return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))

    def close(self) -> None:
        """Give the connection back."""
        if self._client is not None:
            self._client.close()
            self._client = None

    @contextmanager
    def _connected(self) -> Iterator[MilvusClient]:
        """The client. Raises DenseUnavailable for whatever Milvus says."""
        try:
            if self._client is None:
                self._client = MilvusClient(**self._options)
            yield self._client
        except (MilvusException, OSError) as error:
            text = str(getattr(error, "message", "") or error).strip().splitlines()
            self._client = None
            raise DenseUnavailable(text[0] if text else type(error).__name__) from error

    @staticmethod
    def _collection(client: MilvusClient, alias: str) -> str | None:
        """The collection that an alias stands for."""
        try:
            return str(client.describe_alias(alias)["collection_name"])
        except MilvusException as error:
            if "not found" in str(error) or "alias not found" in str(error) or error.code in (_NOT_FOUND, 1600):
                return None
            raise

    @staticmethod
    def _fill(client: MilvusClient, name: str, rows: Rows) -> None:
        schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("row", DataType.INT64, is_primary=True)
        schema.add_field("clause", DataType.VARCHAR, max_length=256)
        schema.add_field("document", DataType.VARCHAR, max_length=256)
        schema.add_field("text", DataType.VARCHAR, max_length=TEXT_BYTES)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=rows.dimension)
        index = client.prepare_index_params()
        if len(rows.vectors) > EXACT_ROWS:
            index.add_index("vector", index_type="HNSW", metric_type="IP", params={"M": 16, "efConstruction": 200})
        else:
            index.add_index("vector", index_type="FLAT", metric_type="IP", params={})
        client.create_collection(name, schema=schema)
        for start in range(0, len(rows.vectors), BATCH):
            batch = range(start, min(start + BATCH, len(rows.vectors)))
            client.insert(
                name,
                [
                    {
                        "row": row,
                        "clause": rows.clauses[row],
                        "document": rows.documents[row],
                        "text": rows.texts[row].encode("utf8", "replace")[:TEXT_BYTES].decode("utf8", "ignore"),
                        "vector": np.asarray(rows.vectors[row], dtype=np.float32).tolist(),
                    }
                    for row in batch
                ],
            )
        client.flush(name)
        client.create_index(name, index)
        client.load_collection(name)

    def _drop_old(self, client: MilvusClient) -> None:
        """Keep the latest revisions, and what somebody may still be filling."""
        made: list[tuple[int, str, list[str]]] = []
        for name in client.list_collections():
            match = re.fullmatch(rf"{_PREFIX}.+_(\d+)_[0-9a-f]{{8}}", name)
            if match is not None:
                with suppress(MilvusException):  # dropped this moment
                    made.append((int(match[1]), name, list(client.describe_collection(name)["aliases"])))
        made.sort(reverse=True)
        for place, (_, name, aliases) in enumerate(one for one in made if one[2]):
            if place >= self._keep:
                for alias in aliases:
                    client.drop_alias(alias)
                client.drop_collection(name)
        for stamp, name, aliases in made:
            if not aliases and stamp < time.time() - LEFT_SECONDS:
                client.drop_collection(name)


def _alias(revision: str) -> str:
    return _PREFIX + re.sub(r"[^0-9A-Za-z]", "_", revision)
