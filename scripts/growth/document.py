"""docs/growth.md from what was measured: build, memory, disk, latency and quality of each size, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

ENGINES = {"flat": "FAISS flat", "sq8": "FAISS SQ8", "hnsw": "FAISS HNSW (M 16, ef 256)", "pgvector": "pgvector"}
Record = dict[str, Any]


def write(record: Record) -> str:
    """The document; the same for the same record."""
    return "\n".join(_lines(record["conditions"], record["sizes"])) + "\n"


def _lines(conditions: Record, sizes: list[Record]) -> Iterator[str]:
    yield "# Growth"
    yield ""
    yield "Written by `make growth` (scripts/growth/); never edit it by hand. What one knowledge base costs, and whether the"
    yield "real notice is still found, as synthetic notices come to stand beside it."
    yield ""
    yield f"Measured {conditions['date']} on {conditions['machine']}, one run, seed {conditions['seed']}, a thread for each"
    yield "step, `nice -n 10` on a machine that others used: the load average at the beginning and the end of each step"
    yield "stands beside it. Compare within the run; latencies of another machine differ."
    yield ""
    if "note" in conditions:
        yield conditions["note"]
        yield ""
    yield "**Text** is made by scripts/growth/notices.py: 40 topics (the first seven are the real notice's), invented places,"
    yield "numbers drawn anew, words as Zipf has it, one measure in eight a near-duplicate of another, and in the real"
    yield "notice's topics some of the real clauses with other numbers. **Vectors**: the model embeds three clauses of each"
    yield "kind (topic and sentence); the others are drawn from mixtures with the measured middles and spread"
    yield "(scripts/growth/vectors.py), because a million would take the model hours."
    yield ""
    yield "| notices | clauses | kinds | really embedded | cosines of the questions, real / drawn: median | 99th percentile | best |"
    yield "|---:|---:|---:|---:|---:|---:|---:|"
    for size in sizes:
        if "embed" not in size or "failed" in size["embed"]:
            continue
        spread = size["embed"].get("spread")
        cosines = "all are real | - | -"
        if spread:
            pairs = (
                f"{spread[f'real_{name}']:.3f} / {spread[f'drawn_{name}']:.3f}" for name in ("median", "99th", "best")
            )
            cosines = " | ".join(pairs)
        made = size["make"]
        yield (
            f"| {size['notices']:,} | {made['clauses']:,} | {made['kinds']:,} | {size['embed']['really embedded']:,} | {cosines} |"
        )
    yield ""
    yield from _costs(conditions, sizes)
    yield from _quality(conditions, sizes)


def _costs(conditions: Record, sizes: list[Record]) -> Iterator[str]:
    yield "## Cost"
    yield ""
    yield "Memory is the most that was resident, about 220 MB of it Python and its libraries; files that are mapped count, though"
    yield "the system drops them when it needs room. The server's memory is not in pgvector's rows, and its build holds the text."
    yield ""
    yield "| notices | side | build | build memory | disk | question, median | 99th | serving memory | load |"
    yield "|---:|---|---:|---:|---:|---:|---:|---:|---|"
    for size in sizes:
        rows = [("BM25 (streamed build)", "lexical_build", "lexical_search")]
        for engine, name in ENGINES.items():
            prefix = (
                ("pgvector_build", "pgvector_search")
                if engine == "pgvector"
                else (f"faiss_build_{engine}", f"faiss_search_{engine}")
            )
            rows.append((name, *prefix))
        for name, build, search in rows:
            if build == "pgvector_build" and size["make"].get("clauses", 0) > conditions["pgvector_rows"]:
                limit = f"{conditions['pgvector_rows']:,}"
                yield f"| {size['notices']:,} | {name} | not tried above {limit} clauses | - | - | - | - | - | - |"
            elif build in size:
                yield f"| {size['notices']:,} | {name} | {_cost(size[build], size.get(search))} |"
    yield ""
    for size in sizes:
        made, drawn = size["make"], size.get("embed", {})
        if "failed" in made:
            yield f"{size['notices']:,} notices: text not made, {made['failed']}."
        elif "seconds" in drawn:
            yield (
                f"{size['notices']:,} notices: {made['seconds']:.0f} s to write the text ({_megabytes(made['disk'])}),"
                f" {drawn['seconds']:.0f} s for the vectors ({_megabytes(drawn['disk'])}, peak {_megabytes(drawn['peak'])})."
            )
        yield ""


def _cost(build: Record, search: Record | None) -> str:
    if "failed" in build:
        return f"{build['failed']} | - | - | - | - | - | -"
    cells = [f"{build['seconds']:.1f} s", _megabytes(build["peak"]), _megabytes(build["disk"])]
    load = f"{build['load'][0]}–{build['load'][1]}"
    if search is None or "failed" in search:
        return " | ".join([*cells, "failed" if search else "-", "-", "-", load])
    cells += [f"{search['median_ms']:.2f} ms", f"{search['p99_ms']:.2f} ms"]
    cells.append(_megabytes(search["peak"]))
    return " | ".join([*cells, f"{load}; {search['load'][0]}–{search['load'][1]}"])


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MB" if size >= 10 * 2**20 else f"{size / 2**20:.1f} MB"


def _quality(conditions: Record, sizes: list[Record]) -> Iterator[str]:
    yield "## Is the real notice still found?"
    yield ""
    yield f"{conditions['questions']} questions of tests/questions/ (no history, answered by the real notice), against the"
    yield "clauses' own words alone: nothing is learned from known questions here. Mean share of the needed clauses among the"
    yield "first 10. *Alike* counts a near-duplicate of the needed clause as that clause: another place's notice that says the"
    yield "same is no wrong find. Both: BM25 and vectors by reciprocal rank fusion. Exact: share of FAISS flat's ten."
    yield ""
    yield "| notices | dense engine | exact | dense | alike | BM25 | alike | both | alike | among either's 100 |"
    yield "|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for size in sizes:
        quality = size.get("quality", {})
        lexical = quality.get("lexical")
        words = f"{lexical['recall']:.3f} | {lexical['alike']:.3f}" if lexical else "- | -"
        if set(quality) == {"lexical"}:
            yield f"| {size['notices']:,} | not measured | - | - | - | {words} | - | - | - |"
        for engine, name in ENGINES.items():
            found = quality.get(engine if engine == "pgvector" else f"faiss-{engine}")
            if found is None:
                continue
            exact = f"{found['exact']:.3f}" if "exact" in found else "-"
            both = " | ".join(
                f"{found[key]:.3f}" if key in found else "-" for key in ("both", "both_alike", "either_100")
            )
            yield (
                f"| {size['notices']:,} | {name} | {exact} | {found['recall']:.3f} | {found['alike']:.3f} | {words} | {both} |"
            )
    yield ""
