"""With the real model: the answers follow the knowledge base when a clause is changed, deleted, or swapped."""

from __future__ import annotations

import hashlib
import re
import shutil

import pytest
import yaml

from bot.assistant import Assistant
from bot.bootstrap import build_assistant
from bot.config import load_config
from tests.fakes import ROOT

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    """The notice with 12 pages instead of 10, without 3.4, and with the words of 2.7 and 3.5 exchanged."""
    root = tmp_path_factory.mktemp("changed")
    shutil.copytree(ROOT / "knowledge", root / "knowledge")
    path = root / "knowledge" / "documents" / "jianfu-2019.yaml"
    source_path = root / "knowledge" / "sources" / "jianfu-2019.txt"
    content = yaml.load(path.read_text("utf8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    clauses = {clause["id"]: clause for clause in content["clauses"]}
    source = source_path.read_bytes().decode("utf8").replace("不超过10页", "不超过12页")
    clauses["2.2"]["text"] = clauses["2.2"]["text"].replace("10页", "12页")
    first, second = clauses["2.7"], clauses["3.5"]
    source = source.replace(first["text"], "\0").replace(second["text"], first["text"]).replace("\0", second["text"])
    for key in ("text", "questions"):
        first[key], second[key] = second[key], first[key]
    content["clauses"].remove(clauses["3.4"])
    for clause in content["clauses"]:
        clause["start"] = source.index(clause["text"])
        clause["end"] = clause["start"] + len(clause["text"])
    content["shared_questions"] = []  # they name the clauses that changed places
    for unanswered in content["unanswered"]:
        unanswered.pop("related", None)
    source_path.write_bytes(source.encode("utf8"))
    content["document"]["sha256"] = hashlib.sha256(source.encode("utf8")).hexdigest()
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf8")
    settings = (ROOT / "config.yaml").read_text("utf8")
    settings = re.sub(r"cache: \S+", f"cache: {ROOT / '.cache' / 'models'}", settings)
    (root / "config.yaml").write_text(settings, "utf8")
    vectors = ROOT / "index" / "artifacts" / "vectors.npz"
    if vectors.exists():  # saves two minutes; the cache is keyed by text, so changed texts are embedded anew
        (root / "index" / "artifacts").mkdir(parents=True)
        shutil.copy(vectors, root / "index" / "artifacts" / "vectors.npz")
    return build_assistant(load_config(root / "config.yaml"))


def test_a_changed_number_is_cited_as_changed(changed: Assistant) -> None:
    answer = changed.ask("一个文件最多几页")
    assert [citation.clause for citation in answer.citations] == ["2.2"]
    assert answer.citations[0].quote == "中央印发的政策性文件原则上不超过12页，地方和部门也要按此从严掌握。"
    assert "10页" not in answer.answer


@pytest.mark.parametrize("question", ["一票否决", "责任状还签不签", "能不能动不动就签责任状", "问题三第4条", "3.4"])
def test_a_deleted_clause_is_never_cited(changed: Assistant, question: str) -> None:
    answer = changed.ask(question)
    assert "3.4" not in [citation.clause for citation in answer.citations]
    assert "3.4" not in (*answer.options, *answer.related)
    assert "责任状" not in "".join(citation.quote for citation in answer.citations)


@pytest.mark.parametrize(
    ("question", "clause", "words"),
    [
        ("合并开会行不行", "3.5", "提倡合并开会"),
        ("各种评比表彰的创建活动要清理吗", "2.7", "集中清理涉及城市评选"),
    ],
)
def test_the_citation_follows_swapped_words(changed: Assistant, question: str, clause: str, words: str) -> None:
    answer = changed.ask(question)
    assert answer.citations[0].clause == clause
    assert answer.citations[0].quote.startswith(words)
