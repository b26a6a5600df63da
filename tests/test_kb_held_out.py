from pathlib import Path

import numpy as np

from bot.assistant import decide
from bot.config import AnswersConfig
from index.held_out import HeldOut
from index.retriever import Retriever
from knowledge.loader import load_knowledge
from tests.encoders import FakeEncoder
from tests.notices import write_notice
from tests.test_retriever import settings_for


def test_every_question_on_record_is_held_out_once_and_read_back(tmp_path: Path) -> None:
    write_notice(tmp_path / "knowledge")
    knowledge = load_knowledge(tmp_path / "knowledge")
    retriever = Retriever.open(knowledge, FakeEncoder(), settings_for(tmp_path), lambda *_: None)
    held = retriever.held_out()
    on_record = [question for clause in knowledge for question in clause.questions]
    assert set(on_record) < set(held.asked)
    assert len(held.asked) == len(on_record) + 3  # one shared, two unanswered
    assert held.probabilities.shape == (len(held.asked), len(tuple(knowledge)))
    assert held.unseen.all()  # there is no adapter
    results = list(held.results(knowledge))
    assert [text for text, _, _ in results] == list(held.asked)
    for _, _, result in results:
        chances = [hit.probability for hit in result.hits]
        assert chances == sorted(chances, reverse=True)
        assert abs(result.answerable + sum(result.beside.values()) - 1) < 1e-5
        assert decide(result, AnswersConfig(), knowledge).outcome in ("answer", "clarify", "decline", "chat")


def test_what_is_held_out_is_not_what_the_record_says(tmp_path: Path) -> None:
    """Asked for real they are answered from the record; held out, most are less sure."""
    write_notice(tmp_path / "knowledge")
    knowledge = load_knowledge(tmp_path / "knowledge")
    retriever = Retriever.open(knowledge, FakeEncoder(), settings_for(tmp_path), lambda *_: None)
    held = retriever.held_out()
    real = np.array([retriever.search(text).answerable for text in held.asked])
    assert np.abs(real - held.answerable).max() > 0.1


def test_none_at_all_is_saved_too(tmp_path: Path) -> None:
    empty = HeldOut((), np.zeros((0, 2)), np.zeros(0), np.zeros((0, 5)), np.zeros(0, dtype=np.bool_))
    empty.save(tmp_path / "held_out.npz")
    assert HeldOut.load(tmp_path / "held_out.npz").asked == ()
