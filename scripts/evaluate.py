"""Measures the assistant on labelled question sets: evaluate.py [--answers FILE] [--misses N] [SET.jsonl ...].

A set is JSON lines as described in tests/questions/README.md. Prints a table by kind and by style, with 95 %
intervals for the overall figure, and exits 1 when a quote differs from its source or when a question of a set is
also in the knowledge base (it would measure memory).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bot.answer import Answer
from bot.assistant import Assistant
from bot.bootstrap import build_assistant
from bot.channels.terminal import progress_bar
from bot.config import find_config, load_config
from index.analyzer import normalize
from knowledge.base import KnowledgeBase

SETS = Path(__file__).resolve().parent.parent / "tests" / "questions"
HEADING = re.compile(r"[0-5]")


@dataclass(frozen=True)
class Verdict:
    """How one answer compares with its label; None where a measure does not apply."""

    ok: bool
    strict: bool
    first: float | None = None
    recall: float | None = None
    precision: float | None = None
    declined: float | None = None
    silent: float | None = None


def judge(label: dict[str, Any], answer: Answer) -> Verdict:
    """Compare as the shared scorer does: first citation, share of needed clauses, wrong citations, facts."""
    cited = list(dict.fromkeys(citation.clause for citation in answer.citations))
    gold, accept = set(label["gold"]), set(label.get("accept", []))
    if not gold:
        silent = answer.outcome in ("decline", "chat") and not cited
        return Verdict(silent, silent, silent=float(silent))
    if answer.outcome != "answer":
        return Verdict(False, False, first=0.0, recall=0.0, declined=1.0)
    got = set(cited)
    for heading in (one for one in gold if HEADING.fullmatch(one)):
        points = [one for one in accept if one.startswith(f"{heading}.")]
        if points and sum(point in got for point in points) >= 0.8 * len(points):
            got.add(heading)
    allowed = gold | accept
    first = cited[0] in gold or (label["kind"] == "overview" and cited[0] in allowed)
    words = re.sub(r"\s", "", answer.answer + "".join(citation.quote for citation in answer.citations))
    facts = all(re.sub(r"\s", "", fact) in words for fact in label.get("facts", []))
    wrong = [one for one in cited if one not in allowed]
    recall = len(got & gold) / len(gold)
    ok = first and facts
    strict = ok and recall == 1 and not wrong
    return Verdict(ok, strict, float(first), recall, 1 - len(wrong) / len(cited), 0.0)


def wilson(share: float, count: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    z = 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return middle - half, middle + half


def mean(values: list[float | None]) -> str:
    """Mean of the values that apply, in percent."""
    known = [value for value in values if value is not None]
    return f"{100 * sum(known) / len(known):6.1f}" if known else "     -"


def table(groups: dict[str, list[Verdict]]) -> str:
    """One line a group."""
    lines = [f"{'group':14} {'n':>4}  hit@1 recall  prec. declin oos ok     ok strict"]
    for name, verdicts in groups.items():
        columns = ("first", "recall", "precision", "declined", "silent", "ok", "strict")
        figures = " ".join(mean([getattr(verdict, column) for verdict in verdicts]) for column in columns)
        lines.append(f"{name:14} {len(verdicts):4} {figures}")
    return "\n".join(lines)


def known_questions(knowledge: KnowledgeBase) -> set[str]:
    """Every question in the knowledge base, without punctuation."""
    found = [question for clause in knowledge for question in clause.questions]
    for document in knowledge.documents:
        found += [shared.text for shared in document.shared_questions]
        found += [unanswered.text for unanswered in document.unanswered]
    for questions in knowledge.out_of_scope.values():
        found += questions
    return {bare(question) for question in found}


def bare(question: str) -> str:
    """The letters of a question alone, so that punctuation hides no copy."""
    return re.sub(r"[\W_]+", "", normalize(question)) or question


def evaluate(assistant: Assistant, labels: list[dict[str, Any]], misses: int, answers_path: Path | None) -> int:
    """Ask everything, print the tables, return how many quotes differ from their source."""
    groups: dict[str, list[Verdict]] = defaultdict(list)
    false_quotes = 0
    wrong: list[str] = []
    kept: list[str] = []
    for label in tqdm(labels, unit="question", disable=not sys.stderr.isatty(), leave=False):
        answer = assistant.ask(label["q"], label.get("history", []))
        for citation in answer.citations:
            source = assistant.knowledge.document(citation.document).source
            false_quotes += source[citation.start : citation.end] != citation.quote
        verdict = judge(label, answer)
        for group in ("ALL", f"kind {label['kind']}", f"style {label['style']}"):
            groups[group].append(verdict)
        kept.append(json.dumps({"id": label["id"], **answer.to_json()}, ensure_ascii=False))
        if not verdict.ok:
            cited = [citation.clause for citation in answer.citations] or answer.outcome
            wrong.append(f"MISS {label['id']} {label['q'][:60]!r} wanted {label['gold']} got {cited}")
    ordered = {name: groups[name] for name in ["ALL", *sorted(name for name in groups if name != "ALL")]}
    print(table(ordered))
    share = sum(verdict.ok for verdict in groups["ALL"]) / len(labels)
    low, high = wilson(share, len(labels))
    print(f"ok {100 * share:.1f} % (95 % interval {100 * low:.1f} to {100 * high:.1f}), wrong quotes {false_quotes}")
    print("\n".join(wrong[:misses]))
    if answers_path is not None:
        answers_path.write_text("\n".join(kept) + "\n", encoding="utf8")
    return false_quotes


def main() -> int:
    """Run; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sets", nargs="*", type=Path, metavar="SET.jsonl")
    parser.add_argument("--misses", type=int, default=0, help="list the first N wrong answers")
    parser.add_argument("--answers", type=Path, help="also write every answer as JSON lines")
    options = parser.parse_args()
    paths = options.sets or sorted(SETS.glob("*.jsonl"))
    labels = [json.loads(line) for path in paths for line in path.read_text("utf8").splitlines() if line.strip()]
    if not labels:
        print("no questions to ask", file=sys.stderr)
        return 1
    with progress_bar(sys.stderr) as progress:
        assistant = build_assistant(load_config(find_config(None)), progress)
    known = known_questions(assistant.knowledge)
    # A follow-up such as "还有吗" may be in both: with another history it is another question.
    learned = [label["q"] for label in labels if "history" not in label and bare(label["q"]) in known]
    if learned:
        print(f"{len(learned)} questions are in the knowledge base, e.g. {learned[0]!r}; not measured", file=sys.stderr)
        return 1
    print(f"knowledge {assistant.knowledge.version}, mode {assistant.mode}, {len(labels)} questions")
    return 1 if evaluate(assistant, labels, options.misses, options.answers) else 0


if __name__ == "__main__":
    sys.exit(main())
