import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.adapter import Adapter, text_key
from index.analyzer import normalize
from index.builtin_model import ModelUnavailable
from index.embedder import SentenceTransformerEncoder
from index.examples import gather, pinyin_reader
from index.training import NothingToLearn, Recipe, _batches, _held_out, low_rank, train
from knowledge.base import KnowledgeBase
from knowledge.loader import load_knowledge
from tests.notices import write_notice
from tests.tiny_model import HIDDEN, make_tiny_model

QUICK = Recipe(epochs=3, batch=8, rate=2e-3, held_out=0.3, rank=4)


def silent(stage: str, done: float | None) -> None:
    """No progress shown."""


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    folder = tmp_path_factory.mktemp("kb")
    write_notice(folder)
    return load_knowledge(folder)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, knowledge: KnowledgeBase) -> Path:
    document = knowledge.documents[0]
    return make_tiny_model(tmp_path_factory.mktemp("tiny"), document.source + "query: passage: ？，吗呢怎么")


def encoder_of(model: Path, adapter: Adapter | None = None) -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder(
        str(model), cache=model, allow_downloads=False, threads=1, progress=silent, adapter=adapter
    )


@pytest.fixture(scope="module")
def trained(knowledge: KnowledgeBase, model: Path) -> tuple[Adapter, SentenceTransformerEncoder, list[float]]:
    seen: list[float] = []
    encoder = encoder_of(model)
    adapter, _ = train(
        knowledge,
        encoder,
        "query: ",
        QUICK,
        lambda stage, done: seen.append(done or 0.0) if "训练语义" in stage else None,
    )
    return adapter, encoder, seen


def test_progress_runs_to_its_end(trained: tuple[Adapter, SentenceTransformerEncoder, list[float]]) -> None:
    seen = trained[2]
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(seen) == QUICK.epochs * -(-len(trained[0].trained) // QUICK.batch)


def test_a_model_with_the_saved_adapter_is_the_model_trained(
    trained: tuple[Adapter, SentenceTransformerEncoder, list[float]], model: Path, tmp_path: Path
) -> None:
    adapter, encoder, _ = trained
    loaded = encoder_of(model, adapter.save(tmp_path / "a.safetensors"))
    texts = ["query: 工作餐可以上酒吗", "query: 乡长的办公室最大多少平方"]
    np.testing.assert_allclose(loaded.encode(texts), encoder.encode(texts), atol=1e-5)
    assert np.abs(loaded.encode(texts) - encoder_of(model).encode(texts)).max() > 0.01
    assert loaded.fingerprint.startswith(encoder_of(model).fingerprint + "+")


def test_the_same_seed_trains_the_same_adapter(knowledge: KnowledgeBase, model: Path, tmp_path: Path) -> None:
    short = replace(QUICK, epochs=1)
    digests = [
        train(knowledge, encoder_of(model), "query: ", replace(short, seed=seed), silent)[0]
        .save(tmp_path / str(i))
        .digest
        for i, seed in enumerate((5, 5, 6))
    ]
    assert digests[0] == digests[1] != digests[2]


def test_questions_of_one_clause_draw_together(knowledge: KnowledgeBase, model: Path) -> None:
    encoder = encoder_of(model)
    pairs = [(question, i) for i, clause in enumerate(knowledge) for question in clause.questions]
    same = np.array([[one == other for _, other in pairs] for _, one in pairs])

    def apart() -> float:
        """Mean cosine of questions of one clause, less that of questions of two, of centred vectors."""
        vectors = encoder.encode([f"query: {normalize(question)}" for question, _ in pairs])
        vectors = vectors - vectors.mean(axis=0)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        cosines = vectors @ vectors.T
        return float(cosines[same & ~np.eye(len(pairs), dtype=bool)].mean() - cosines[~same].mean())

    before = apart()
    train(knowledge, encoder, "query: ", Recipe(epochs=60, batch=8, rate=1e-3, held_out=0.0, slips=0.0), silent)
    assert apart() > before + 0.04  # a plain 0.005 became 0.06 when this was written


def test_word_embeddings_are_left_alone(trained: tuple[Adapter, SentenceTransformerEncoder, list[float]]) -> None:
    names = {*trained[0].factors, *trained[0].shifts}
    assert not any("embeddings" in name for name in names)
    assert "encoder.layer.1.output.dense.weight" in trained[0].factors
    up, down = trained[0].factors["encoder.layer.1.output.dense.weight"]
    assert (up.shape, down.shape, up.dtype) == ((HIDDEN, 4), (4, 64), np.float16)


def test_the_receipt_and_what_was_learned_are_on_record(
    trained: tuple[Adapter, SentenceTransformerEncoder, list[float]], knowledge: KnowledgeBase, model: Path
) -> None:
    adapter = trained[0]
    assert adapter.receipt.fault(encoder_of(model).fingerprint, knowledge) is None
    examples = gather(knowledge, pinyin_reader(knowledge))
    held = _held_out(examples, QUICK.held_out)
    assert 0 < held.sum() < len(held)
    assert not (held & ~examples.is_question).any()
    np.testing.assert_array_equal(adapter.unseen(examples.texts), held)
    assert len(adapter.trained) == len({text_key(t) for t, out in zip(examples.texts, held, strict=True) if not out})


def test_the_report_counts_and_compares(knowledge: KnowledgeBase, model: Path) -> None:
    _, report = train(knowledge, encoder_of(model), "query: ", QUICK, silent)
    examples = gather(knowledge, pinyin_reader(knowledge))
    assert report.learned + report.held_out == len(examples.texts)
    assert all(0 <= share <= 100 for share in (*report.first, *report.told_apart))


def test_nothing_to_learn_is_said(knowledge: KnowledgeBase, model: Path) -> None:
    document = knowledge.documents[0]
    clauses = tuple(replace(clause, questions=()) for clause in document.clauses)
    empty = KnowledgeBase((replace(document, clauses=clauses, shared_questions=(), unanswered=()),))
    with pytest.raises(NothingToLearn):
        train(empty, encoder_of(model), "query: ", QUICK, silent)


def test_an_adapter_of_another_model_is_refused(
    trained: tuple[Adapter, SentenceTransformerEncoder, list[float]], model: Path
) -> None:
    other = replace(trained[0], shifts={"encoder.layer.7.output.dense.bias": np.zeros(HIDDEN, dtype=np.float16)})
    with pytest.raises(ModelUnavailable, match=r"encoder\.layer\.7.*jianfu train"):
        encoder_of(model, other)
    wrong = replace(trained[0], shifts={"encoder.layer.0.output.dense.bias": np.zeros(3, dtype=np.float16)})
    with pytest.raises(ModelUnavailable, match="大小不同"):
        encoder_of(model, wrong)


# --- parts ---


def test_batches_hold_every_row_once_with_texts_of_like_length() -> None:
    texts = ["x" * (1 + i * 7 % 50) for i in range(200)]
    rows = np.arange(0, 200, 2)
    batches = list(_batches(rows, texts, 8, random.Random(0)))
    assert Counter(row for batch in batches for row in batch) == Counter(rows.tolist())
    assert max(map(len, batches)) == 8
    spread = [max(len(texts[row]) for row in batch) - min(len(texts[row]) for row in batch) for batch in batches]
    assert sum(spread) / len(spread) < 12


def test_low_rank_keeps_what_matters() -> None:
    rng = np.random.default_rng(0)
    exact = (rng.normal(size=(20, 3)) @ rng.normal(size=(3, 12))).astype(np.float32)
    up, down = low_rank(exact, 3)
    assert (up.shape, down.shape) == ((20, 3), (3, 12))
    np.testing.assert_allclose(up.astype(np.float32) @ down.astype(np.float32), exact, atol=0.02)
    noisy = exact + 0.01 * rng.normal(size=exact.shape).astype(np.float32)
    up, down = low_rank(noisy, 2)
    left, values, right = np.linalg.svd(noisy)
    best = (left[:, :2] * values[:2]) @ right[:2]
    np.testing.assert_allclose(up.astype(np.float32) @ down.astype(np.float32), best, atol=0.02)
