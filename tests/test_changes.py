"""With the real model: answers follow the knowledge base when any of the 27 measures is reworded, moved or deleted.

Three knowledge bases are built: one in which a word of every measure is another and all measures have changed places
in pairs, and two in each of which every second measure is gone.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.answer import Answer
from bot.assistant import Assistant
from bot.bootstrap import build_assistant
from bot.config import load_config
from tests.fakes import ROOT, real_knowledge

pytestmark = pytest.mark.model

#: For each measure a word or number, and what stands there after the change.
REWORDED = {
    "1.1": ("武装头脑", "武装头脑、指导实践"),
    "1.2": ("“不忘初心、牢记使命”", "“赶考不停步”"),
    "1.3": ("专项整治行动", "百日攻坚行动"),
    "1.4": ("秦岭北麓西安境内", "某湖沿岸"),
    "2.1": ("30%—50%", "45%—60%"),
    "2.2": ("10页", "12页"),
    "2.3": ("不再制定", "一律不得印发"),
    "2.4": ("能公开的公开", "应当公开的一周内公开"),
    "2.5": ("下一级", "下两级"),
    "2.6": ("未经批准", "未经县委批准"),
    "2.7": ("电视电话", "无线电话"),
    "2.8": ("泛泛表态", "轮流表态"),
    "2.9": ("试点", "三年试点"),
    "3.1": ("每年搞1次", "每年搞3次"),
    "3.2": ("群众的评价怎么样", "群众的满意率够不够"),
    "3.3": ("工作笔记", "学习心得"),
    "3.4": ("动辄签", "随便签"),
    "3.5": ("集中清理", "全部叫停"),
    "3.6": ("倾听基层意见", "每季倾听基层意见"),
    "3.7": ("轻车简从", "不带随员"),
    "4.1": ("慎重问责", "及时问责"),
    "4.2": ("泛化简单化", "泛化随意化"),
    "4.3": ("该使用的要使用", "三个月内安排使用"),
    "4.4": ("及时为干部澄清正名", "十日内为干部澄清正名"),
    "4.5": ("心理负担", "思想包袱"),
    "4.6": ("失误错误", "偏差错误"),
    "4.7": ("待遇等方面", "住房等方面"),
}
MEASURES = tuple(REWORDED)
#: Every how manieth known question is kept: enough to answer from, and built in a third of the time.
KEPT = 3
#: Measures in pairs that change places; the last one, left over, stays.
PAIRS = tuple(zip(MEASURES[::2], MEASURES[1::2], strict=False))
PLACES = {**dict(PAIRS), **{b: a for a, b in PAIRS}}


def parsed(path: Path) -> Any:
    return yaml.load(path.read_text("utf8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def build(root: Path, change: Callable[[dict[str, Any], str], str]) -> Assistant:
    """An assistant on a changed copy of the knowledge base; `change` alters the record and returns the new source."""
    shutil.copytree(ROOT / "knowledge", root / "knowledge")
    path = root / "knowledge" / "documents" / "jianfu-2019.yaml"
    source_path = root / "knowledge" / "sources" / "jianfu-2019.txt"
    content = parsed(path)
    for clause in content["clauses"]:
        clause["questions"] = clause["questions"][::KEPT]
    for section in ("shared_questions", "unanswered"):
        content[section] = content[section][::KEPT]
    beside = root / "knowledge" / "out_of_scope.yaml"
    beside.write_text(yaml.safe_dump({why: all_[::KEPT] for why, all_ in parsed(beside).items()}), "utf8")
    source = change(content, source_path.read_bytes().decode("utf8"))
    for clause in content["clauses"]:
        clause["start"] = source.index(clause["text"])
        clause["end"] = clause["start"] + len(clause["text"])
    source_path.write_bytes(source.encode("utf8"))
    content["document"]["sha256"] = hashlib.sha256(source.encode("utf8")).hexdigest()
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf8")
    settings = (ROOT / "config.yaml").read_text("utf8")
    settings = re.sub(r"cache: \S+", f"cache: {ROOT / '.cache' / 'models'}", settings)
    (root / "config.yaml").write_text(settings, "utf8")
    return build_assistant(load_config(root / "config.yaml"))


def reword_and_move(content: dict[str, Any], source: str) -> str:
    clauses = {clause["id"]: clause for clause in content["clauses"]}
    for identifier, (old, new) in REWORDED.items():
        text = clauses[identifier]["text"]
        assert old in text
        clauses[identifier]["text"] = text.replace(old, new)
        source = source.replace(text, clauses[identifier]["text"])
    for a, b in PAIRS:
        first, second = clauses[a], clauses[b]
        source = source.replace(first["text"], "\0").replace(second["text"], first["text"])
        source = source.replace("\0", second["text"])
        for key in ("text", "questions"):
            first[key], second[key] = second[key], first[key]
    content["shared_questions"] = []  # they name the clauses that changed places
    for unanswered in content["unanswered"]:
        unanswered["related"] = [PLACES.get(one, one) for one in unanswered.get("related", [])]
    return source


def without(gone: tuple[str, ...]) -> Callable[[dict[str, Any], str], str]:
    """A change that deletes clauses, and whatever names them."""

    def change(content: dict[str, Any], source: str) -> str:
        for clause in [clause for clause in content["clauses"] if clause["id"] in gone]:
            content["clauses"].remove(clause)
            source = source.replace(clause["text"], "")
        content["shared_questions"] = [one for one in content["shared_questions"] if not {*one["clauses"]} & {*gone}]
        for unanswered in content["unanswered"]:
            unanswered["related"] = [one for one in unanswered.get("related", []) if one not in gone]
        return source

    return change


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    return build(tmp_path_factory.mktemp("moved"), reword_and_move)


GONE = (MEASURES[::2], MEASURES[1::2])


@pytest.fixture(scope="module", params=GONE, ids=["odd", "even"])
def thinned(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, moved: Assistant
) -> tuple[tuple[str, ...], Assistant]:
    root = tmp_path_factory.mktemp("thinned")
    (root / "index" / "artifacts").mkdir(parents=True)  # question vectors once computed need not be again
    shutil.copy(
        tmp_path_factory.getbasetemp() / "moved0" / "index" / "artifacts" / "vectors.npz", root / "index" / "artifacts"
    )
    return request.param, build(root, without(request.param))


@cache
def asked(identifier: str, count: int) -> tuple[str, ...]:
    """Some known questions of a clause, spread over all of them, in words that are not on record."""
    questions = real_knowledge().find(identifier).questions[::KEPT]
    return tuple(f"{question}，请问" for question in questions[:: max(1, len(questions) // count)][:count])


def cited(answer: Answer) -> list[str]:
    return [citation.clause for citation in answer.citations]


@pytest.mark.parametrize("identifier", MEASURES)
def test_the_answer_follows_the_words_and_the_place(moved: Assistant, identifier: str) -> None:
    old, new = REWORDED[identifier]
    place = PLACES.get(identifier, identifier)
    answers = [moved.ask(question) for question in asked(identifier, 5)]
    found = [answer for answer in answers if place in cited(answer)]
    assert len(found) >= 3
    for answer in found:
        quote = next(citation.quote for citation in answer.citations if citation.clause == place)
        assert new in quote
        assert old not in quote.replace(new, "")
        assert new in answer.answer


def test_every_measure_was_changed(moved: Assistant) -> None:
    before = {clause.id: clause.text for clause in real_knowledge()}
    after = {clause.id: clause.text for clause in moved.knowledge}
    assert {key for key in before if before[key] != after[key]} == set(MEASURES)


def test_a_deleted_measure_is_never_cited_offered_or_listed(thinned: tuple[tuple[str, ...], Assistant]) -> None:
    gone, assistant = thinned
    for identifier in gone:
        text = real_knowledge().find(identifier).text
        for question in (*asked(identifier, 6), identifier):
            answer = assistant.ask(question)
            assert identifier not in (*cited(answer), *answer.options, *answer.related)
            assert all(citation.quote not in text for citation in answer.citations)


def test_questions_of_deleted_measures_are_declined_but_for_a_few(
    thinned: tuple[tuple[str, ...], Assistant],
) -> None:
    gone, assistant = thinned
    answers = [(one, cited(assistant.ask(question))) for one in gone for question in asked(one, 6)]
    # The heading above may answer for what stood below it. Another measure may too (2.5 or 2.6 for a meeting), which
    # only a person can tell: 17 % and 10 % of the questions were answered by others when this was written.
    others = [one for one, clauses in answers if clauses and clauses[0] != one.split(".")[0]]
    assert len(others) <= 0.25 * len(answers)
