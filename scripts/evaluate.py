"""Measures the assistant on labelled question sets: evaluate.py [--answers FILE] [--misses N] [SET.jsonl ...].

A set is JSON lines as described in tests/questions/README.md. Prints a table by kind and by style, with 95 %
intervals for the overall figure, and exits 1 when a quote differs from its source or when a question of a set is
also in the knowledge base (it would measure memory). Without SET arguments it measures tests/questions/*.jsonl and
writes what it found to docs/evaluation.md (to read) and bot/evaluation.json (which the product shows).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bot.answer import Answer
from bot.assistant import Assistant
from bot.bootstrap import build_assistant, index_settings
from bot.channels.terminal import progress_bar
from bot.config import Config, find_config, load_config
from bot.trust import RECORD, Evaluation, Share, wilson
from index import analyzer
from index.builtin_model import BUILDER_VERSION
from index.embedder import BUILTIN
from index.model import fitting_adapter
from knowledge.base import KnowledgeBase

ROOT = Path(__file__).resolve().parent.parent
SETS = ROOT / "tests" / "questions"
REPORT = ROOT / "docs" / "evaluation.md"
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
    false_answer: bool | None = None


def judge(label: dict[str, Any], answer: Answer) -> Verdict:
    """Compare as the shared scorer does: first citation, share of needed clauses, wrong citations, facts."""
    cited = list(dict.fromkeys(citation.clause for citation in answer.citations))
    gold, accept = set(label["gold"]), set(label.get("accept", []))
    if not gold:
        silent = answer.outcome in ("decline", "chat") and not cited
        return Verdict(silent, silent, silent=float(silent), false_answer=bool(cited))
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
    return re.sub(r"[\W_]+", "", analyzer.normalize(question)) or question


@dataclass
class Run:
    """What came of asking everything once."""

    groups: dict[str, list[Verdict]]
    wrong_quotes: int
    misses: list[str]
    answers: list[str]


def ask_all(assistant: Assistant, labels: list[dict[str, Any]]) -> Run:
    """Ask everything; groups are ALL, then each kind and each style by name."""
    groups: dict[str, list[Verdict]] = defaultdict(list)
    run = Run({}, 0, [], [])
    for label in tqdm(labels, unit="question", disable=not sys.stderr.isatty(), leave=False):
        answer = assistant.ask(label["q"], label.get("history", []))
        for citation in answer.citations:
            source = assistant.knowledge.document(citation.document).source
            run.wrong_quotes += source[citation.start : citation.end] != citation.quote
        verdict = judge(label, answer)
        for group in ("ALL", f"kind {label['kind']}", f"style {label['style']}"):
            groups[group].append(verdict)
        run.answers.append(json.dumps({"id": label["id"], **answer.to_json()}, ensure_ascii=False))
        if not verdict.ok:
            cited = [citation.clause for citation in answer.citations] or answer.outcome
            run.misses.append(f"MISS {label['id']} {label['q'][:60]!r} wanted {label['gold']} got {cited}")
    run.groups = {name: groups[name] for name in ["ALL", *sorted(name for name in groups if name != "ALL")]}
    return run


def show(run: Run, misses: int) -> None:
    """Print the table, the overall figure and the first misses."""
    print(table(run.groups))
    verdicts = run.groups["ALL"]
    share = sum(verdict.ok for verdict in verdicts) / len(verdicts)
    low, high = wilson(share, len(verdicts))
    print(
        f"ok {100 * share:.1f} % (95 % interval {100 * low:.1f} to {100 * high:.1f}), wrong quotes {run.wrong_quotes}"
    )
    print("\n".join(run.misses[:misses]))


def record_of(run: Run, assistant: Assistant, model: str) -> Evaluation:
    """The headline figures, as the product keeps them."""
    verdicts = run.groups["ALL"]
    beside = [verdict for verdict in verdicts if verdict.false_answer is not None]
    answered = [verdict for verdict in verdicts if verdict.declined == 0.0]
    return Evaluation(
        knowledge_version=assistant.knowledge.version,
        model=model if assistant.mode == "full" else "none",
        analyzer_version=analyzer.VERSION,
        mode=assistant.mode,
        right=_right(verdicts),
        false_answers=Share.of(sum(verdict.false_answer is True for verdict in beside), len(beside)),
        wrong_first=Share.of(sum(verdict.first == 0.0 for verdict in answered), len(answered)),
        wrong_quotes=run.wrong_quotes,
    )


def report(record: Evaluation, groups: dict[str, list[Verdict]], sets: list[Path]) -> str:
    """docs/evaluation.md: the same answers to the same sets give the same bytes, so no date and no duration."""
    return "\n".join(
        [
            "# How well it answers",
            "",
            "Written by `make eval` (scripts/evaluate.py); never edit it by hand. The product shows the same headline",
            "figures from `bot/evaluation.json`: `jianfu trust`, `/trust` in Telegram, `/trust` on the web.",
            "",
            "## What was measured",
            "",
            f"- Knowledge version: `{record.knowledge_version}`",
            f"- Model: `{record.model}`; analyzer version {record.analyzer_version}; mode `{record.mode}`",
            f"- Questions: {record.right.total}",
            *(f"- Set: {_describe(path)}" for path in sets),
            "",
            "**Known limits.** The questions were written by the makers of this program, not by its users, and nobody but",
            "the makers labelled them; they could be seen while it was developed. Real questions may fare worse. None of",
            "them is in the knowledge base (a follow-up may share its words with one there, after other questions).",
            "Intervals are Wilson's, 95 %, two-sided; they cover chance in drawing the questions and nothing else.",
            "",
            "## Can it be trusted?",
            "",
            "| figure | count | of | % | 95 % interval |",
            "| --- | ---: | ---: | ---: | :---: |",
            _figure("answered right", record.right),
            _figure("**false answers**: the notice does not answer, yet a clause was cited", record.false_answers),
            _figure("**wrong clause first**: answerable, answered, first citation wrong", record.wrong_first),
            "",
            f"Upper bounds (95 %): false answers {100 * record.false_answers.high:.1f} %, wrong clause first "
            f"{100 * record.wrong_first.high:.1f} %. Quotes that differ from their source: {record.wrong_quotes}.",
            "",
            "*Right*: the first citation is a needed clause and every fact asked for is in the answer; where the notice does",
            "not answer, nothing is cited. *Strictly right*: moreover every needed clause is cited and no other.",
            "",
            *_section("By kind of question", "kind", groups),
            *_section("By style of wording", "style", groups),
        ]
    )


def _section(title: str, column: str, groups: dict[str, list[Verdict]]) -> list[str]:
    """A heading and a table with a row for each group of that column."""
    named = {name: verdicts for name, verdicts in groups.items() if name.startswith(f"{column} ")}
    return [
        f"## {title}",
        "",
        f"| {column} | n | right % | 95 % interval | strictly right % | 95 % interval |",
        "| --- | ---: | ---: | :---: | ---: | :---: |",
        *(_row(name.removeprefix(f"{column} "), _right(each), _strict(each)) for name, each in named.items()),
        "",
    ]


def _right(verdicts: list[Verdict]) -> Share:
    return Share.of(sum(verdict.ok for verdict in verdicts), len(verdicts))


def _strict(verdicts: list[Verdict]) -> Share:
    return Share.of(sum(verdict.strict for verdict in verdicts), len(verdicts))


def _row(name: str, right: Share, strict: Share) -> str:
    return f"| {name} | {right.total} | {_percent(right)} | {_interval(right)} | {_percent(strict)} | {_interval(strict)} |"


def _figure(name: str, share: Share) -> str:
    return f"| {name} | {share.count} | {share.total} | {_percent(share)} | {_interval(share)} |"


def _percent(share: Share) -> str:
    return "–" if share.percent is None else f"{share.percent:.1f}"


def _interval(share: Share) -> str:
    return f"{100 * share.low:.1f} to {100 * share.high:.1f}"


def _describe(path: Path) -> str:
    content = path.read_bytes()
    count = sum(bool(line.strip()) for line in content.splitlines())
    return f"`{path.name}`, {count} questions, sha256 `{hashlib.sha256(content).hexdigest()[:16]}`"


def model_name(config: Config, knowledge: KnowledgeBase) -> str:
    """The configured model (the built-in one with the version of its making), and its adapter where one is used."""
    name = f"{BUILTIN}-{BUILDER_VERSION}" if config.model.name == BUILTIN else config.model.name
    adapter = fitting_adapter(knowledge, index_settings(config))
    return name if adapter is None else f"{name}+{adapter.digest}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sets", nargs="*", type=Path, metavar="SET.jsonl")
    parser.add_argument("--misses", type=int, default=0, help="list the first N wrong answers")
    parser.add_argument("--answers", type=Path, help="also write every answer as JSON lines")
    options = parser.parse_args(arguments)
    paths = options.sets or sorted(SETS.glob("*.jsonl"))
    labels = [json.loads(line) for path in paths for line in path.read_text("utf8").splitlines() if line.strip()]
    if not labels:
        print("no questions to ask", file=sys.stderr)
        return 1
    config = load_config(find_config(None))
    with progress_bar(sys.stderr) as progress:
        assistant = build_assistant(config, progress)
    known = known_questions(assistant.knowledge)
    # A follow-up such as "还有吗" may be in both: with another history it is another question.
    learned = [label["q"] for label in labels if "history" not in label and bare(label["q"]) in known]
    if learned:
        print(f"{len(learned)} questions are in the knowledge base, e.g. {learned[0]!r}; not measured", file=sys.stderr)
        return 1
    print(f"knowledge {assistant.knowledge.version}, mode {assistant.mode}, {len(labels)} questions")
    run = ask_all(assistant, labels)
    show(run, options.misses)
    if options.answers is not None:
        options.answers.write_text("\n".join(run.answers) + "\n", encoding="utf8")
    if not options.sets:
        record = record_of(run, assistant, model_name(config, assistant.knowledge))
        RECORD.write_text(record.to_json(), encoding="utf8")
        REPORT.write_text(report(record, run.groups, paths), encoding="utf8")
        print(f"written: {REPORT.name}, {RECORD.name}")
    return 1 if run.wrong_quotes else 0


if __name__ == "__main__":
    sys.exit(main())
