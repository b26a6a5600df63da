"""Milvus, for more vectors than one database should carry: it shards and replicates by itself. The only file that imports pymilvus.

Each publication fills a collection of its own, which gets the revision's alias only once it is whole: whoever is killed
leaves a collection that nobody finds, and a publication an hour later drops it.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from grpc import RpcError
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
#: For reaching the server; nobody is kept waiting for one that just could not be reached.
CONNECT_SECONDS = 3.0
#: For one call: without it pymilvus tries 75 times, and waits for a server that hangs for ever.
CALL_SECONDS = 2.0
#: For each step of a publication, and as much again for so many rows.
STEP_SECONDS, STEP_ROWS = 30, 30_000
#: A collection without an alias is somebody's who is still filling it, or nobody's after so long.
LEFT_SECONDS = 3600.0
_PREFIX = "jianfu_"
_NO_COLLECTION = 100
_FAILURES = (MilvusException, RpcError, OSError)

# Each failure is told as DenseUnavailable; pymilvus would also print it with a traceback, past the log's format.
logging.getLogger("pymilvus").setLevel(logging.CRITICAL)


class MilvusIndex:
    """One Milvus, shared by any number of processes."""

    name = "Milvus"

    def __init__(self, url: str, keep: int = 4) -> None:
        """`url` is milvus://host:port, with user:password@ before the host where it asks for them, and /database after it.

        `keep` revisions stay. Nothing is connected yet; raises ValueError for another address.
        """
        parts = urlsplit(url)
        if parts.scheme != "milvus" or not parts.hostname or not parts.port:
            raise ValueError("milvus://host:port")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self._options: dict[str, Any] = {"uri": f"http://{host}:{parts.port}", "timeout": CONNECT_SECONDS}
        self._options["db_name"] = parts.path.strip("/")
        if parts.username:
            self._options["token"] = f"{parts.username}:{parts.password or ''}"
        self._keep = keep
        self._client: MilvusClient | None = None
        self._guard = threading.Lock()
        self._failed: tuple[float, str] | None = None
        self._dimensions: dict[str, int] = {}

    def publish(self, revision: str, rows: Rows) -> None:
        """As in the seam."""
        alias, step = _alias(revision), STEP_SECONDS * (1 + len(rows.vectors) // STEP_ROWS)
        with self._connected() as client:
            if self._facts(client, alias) is not None:
                return
            name = f"{alias}_{secrets.token_hex(8)}"
            self._fill(client, name, rows, step)
            try:
                client.create_alias(name, alias, timeout=step)
            except MilvusException:
                if self._facts(client, alias) is None:
                    raise
                if (
                    alias not in client.describe_collection(name, timeout=step)["aliases"]
                ):  # another process was quicker
                    client.drop_collection(name, timeout=step)
            with suppress(*_FAILURES):  # what is published is published; the next publication tidies up
                self._drop_old(client)

    def holds(self, revision: str) -> bool:
        """As in the seam."""
        with self._connected() as client:
            return self._facts(client, _alias(revision)) is not None

    def search(
        self, revision: str, vector: Vectors, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """As in the seam; never more than Milvus gives at once."""
        alias = _alias(revision)
        with self._connected() as client:
            if alias not in self._dimensions:
                facts = self._facts(client, alias)
                if facts is None:
                    raise UnknownRevision(revision)
                vectors = next(one for one in facts["fields"] if one["name"] == "vector")
                self._dimensions[alias] = int(vectors["params"]["dim"])
            check(vector, self._dimensions[alias])
            if k < 1 or (documents is not None and not documents):
                return []
            limit = min(k, MOST_HITS)
            chosen = "" if documents is None else f"document in {json.dumps(sorted(documents), ensure_ascii=False)}"
            try:
                # Bounded: what is older than five seconds is seen by all. Strong waits 0.4 s for it; _fill() does, once.
                found = client.search(
                    alias,
                    data=[np.asarray(vector, dtype=np.float32).tolist()],
                    limit=limit,
                    filter=chosen,
                    search_params={"metric_type": "IP", "params": {"ef": max(EF, limit)}},
                    consistency_level="Bounded",
                    timeout=CALL_SECONDS,
                )[0]
            except MilvusException as error:
                if error.code != _NO_COLLECTION:
                    raise
                self._dimensions.pop(alias, None)
                raise UnknownRevision(revision) from error
            pairs = [(int(one["row"] if "row" in one else one["id"]), float(one["distance"])) for one in found]
            return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))

    def close(self) -> None:
        """Give the connection back."""
        with self._guard:
            if self._client is not None:
                self._client.close()
            self._client = None

    @contextmanager
    def _connected(self) -> Iterator[MilvusClient]:
        """The client, which reaches a server that was away again by itself. Raises DenseUnavailable for whatever Milvus says."""
        try:
            yield self._reached()
        except _FAILURES as error:
            raise DenseUnavailable(_reason(error)) from error

    def _reached(self) -> MilvusClient:
        with self._guard:
            if self._client is None:
                if self._failed is not None and time.monotonic() < self._failed[0]:
                    raise DenseUnavailable(self._failed[1])
                try:
                    self._client = MilvusClient(**self._options)
                except _FAILURES as error:
                    self._failed = (time.monotonic() + CONNECT_SECONDS, _reason(error))
                    raise
            return self._client

    @staticmethod
    def _facts(client: MilvusClient, alias: str) -> dict[str, Any] | None:
        """Of the collection that an alias stands for."""
        try:  # not describe_alias, which looks into every database of Milvus 2.3
            return dict(client.describe_collection(alias, timeout=CALL_SECONDS))
        except MilvusException as error:
            if error.code == _NO_COLLECTION:
                return None
            raise

    @staticmethod
    def _fill(client: MilvusClient, name: str, rows: Rows, step: int) -> None:
        schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("row", DataType.INT64, is_primary=True)
        schema.add_field("clause", DataType.VARCHAR, max_length=1024)
        schema.add_field("document", DataType.VARCHAR, max_length=1024)
        schema.add_field("text", DataType.VARCHAR, max_length=TEXT_BYTES)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=rows.dimension)
        index = client.prepare_index_params()
        if len(rows.vectors) > EXACT_ROWS:
            index.add_index("vector", index_type="HNSW", metric_type="IP", params={"M": 16, "efConstruction": 200})
        else:
            index.add_index("vector", index_type="FLAT", metric_type="IP", params={})
        client.create_collection(name, schema=schema, timeout=step)
        for start in range(0, len(rows.vectors), BATCH):
            batch = [
                {
                    "row": row,
                    "clause": rows.clauses[row],
                    "document": rows.documents[row],
                    "text": rows.texts[row].encode("utf8", "replace")[:TEXT_BYTES].decode("utf8", "ignore"),
                    "vector": np.asarray(rows.vectors[row], dtype=np.float32).tolist(),
                }
                for row in range(start, min(start + BATCH, len(rows.vectors)))
            ]
            client.insert(name, batch, timeout=step)
        client.flush(name, timeout=step)
        client.create_index(name, index, timeout=step)
        client.load_collection(name, timeout=step)
        counted = client.query(
            name, filter="", output_fields=["count(*)"], consistency_level="Strong", timeout=step
        )  # comes back once all that was written can be seen
        if counted[0]["count(*)"] != len(rows.vectors):
            raise DenseUnavailable(f"of {len(rows.vectors)} rows Milvus has {counted[0]['count(*)']}")

    def _drop_old(self, client: MilvusClient) -> None:
        """Keep the latest revisions, and what somebody may still be filling. Time is Milvus's own."""
        made: list[tuple[int, str, list[str]]] = []
        for name in client.list_collections(timeout=CALL_SECONDS):
            if re.fullmatch(rf"{_PREFIX}.+_[0-9a-f]{{16}}", name):
                with suppress(MilvusException):  # dropped this moment
                    facts = client.describe_collection(name, timeout=CALL_SECONDS)
                    made.append((int(facts["created_timestamp"]) >> 18, name, list(facts["aliases"])))  # milliseconds
        made.sort(reverse=True)
        old = [one for one in made if one[2]][self._keep :]
        old += [one for one in made if not one[2] and one[0] < made[0][0] - LEFT_SECONDS * 1000]
        for _, name, aliases in old:
            for alias in aliases:
                client.drop_alias(alias, timeout=CALL_SECONDS)
            client.drop_collection(name, timeout=CALL_SECONDS)


def _alias(revision: str) -> str:
    return _PREFIX + re.sub(r"[^0-9A-Za-z]", "_", revision)


def _reason(error: Exception) -> str:
    said = error.details() if isinstance(error, RpcError) and hasattr(error, "details") else None
    text = str(said or getattr(error, "message", "") or error).strip().splitlines()
    return text[0] if text else type(error).__name__
