"""The labelled questions that the ranker learns from."""

from dataclasses import replace

import numpy as np

from index.analyzer import normalize
from index.examples import gather, pinyin_reader
from index.hit import BESIDE
from knowledge.base import KnowledgeBase
from knowledge.clause import UnansweredQuestion
from tests.fakes import real_knowledge


def test_classes_of_answers_near_misses_and_other_reasons() -> None:
    knowledge = real_knowledge()
    document = knowledge.documents[0]
    two = replace(
        document, unanswered=(UnansweredQuestion("超页怎么处罚", ("2.2",)), UnansweredQuestion("几月几号发的", ()))
    )
    knowledge = KnowledgeBase((two,), knowledge.out_of_scope)
    examples = gather(knowledge, pinyin_reader(knowledge))
    targets = examples.classes
    ids = [clause.id for clause in knowledge]
    count = len(ids)
    row = examples.texts.index
    assert targets.shape == (len(examples.texts), 2 * count + len(BESIDE) - 1)
    assert targets[row("超页怎么处罚")].nonzero()[0].tolist() == [count + ids.index("2.2")]
    assert targets[row("几月几号发的")].nonzero()[0].tolist() == list(range(count, 2 * count))
    assert targets[row(normalize(document.clauses[9].questions[0]))].nonzero()[0].tolist() == [9]
    shared = document.shared_questions[0]
    assert targets[row(normalize(shared.text))].nonzero()[0].tolist() == sorted(map(ids.index, shared.clauses))
    far = targets[row(normalize(knowledge.out_of_scope["far"][0]))].nonzero()[0].tolist()
    assert far == [2 * count]
    assert (targets.sum(axis=1) >= 1).all()
    np.testing.assert_array_equal(examples.answerable, targets[:, :count].any(axis=1))
