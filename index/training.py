"""Trains the adapter: the encoder learns, from the knowledge base's questions, which clause they are about.

Full softmax over all clauses, over as many "near this clause, but not answered" classes, and over the other reasons
to decline, on centred unit vectors (cosine over a learned temperature, as in NormFace, Wang et al. 2017); word
embeddings stay as they are, so words of no question keep their meaning. What the weights gained is then cut to a low rank (singular
value decomposition), which keeps a few megabytes of it. A fifth of the questions is held out by the hash of
its text: the report tells from these what was gained, and the calibration is fitted on them. The class vectors serve
training only and are thrown away; the index learns its own classifier from the new vectors.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from index.adapter import Adapter, Half, Receipt, text_key, weight_changes
from index.classifiers import EmbeddingClassifier, folds_of
from index.embedder import SentenceTransformerEncoder, Vectors, fast_half
from index.examples import Examples, gather, pinyin_reader
from index.slips import Slips
from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

Progress = Callable[[str, float | None], None]
Targets = npt.NDArray[np.float32]

STAGE = "训练语义模型的适配器"
#: Tokens of a question that training reads; longer ones are rare and slow every other question of their batch.
MAX_TOKENS = 96
#: Batches are cut from chunks of this many batches sorted by length, so that little is padded.
CHUNK = 16
#: Share of the steps in which the rate rises.
WARM_UP = 0.06


class NothingToLearn(JianfuError):
    """The knowledge base holds no questions."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train. Rates are AdamW's; `slips` is the share of questions that get slips of the keyboard."""

    epochs: int = 6
    batch: int = 64
    rate: float = 1e-4
    class_rate: float = 5e-3
    scale_rate: float = 1e-3
    temperature: float = 0.05
    slips: float = 0.4
    held_out: float = 0.2
    rank: int = 32
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What training gained, on the questions held out, in percent: before with the plain model, then adapted.

    `first`: the best-scored clause answers, of the answerable questions, by the linear classifier on vectors alone.
    `told_apart`: of all, whether it gives the clauses together more than half exactly when one of them answers.
    """

    learned: int
    held_out: int
    first: tuple[float, float]
    told_apart: tuple[float, float]


def train(
    knowledge: KnowledgeBase,
    encoder: SentenceTransformerEncoder,
    query_prefix: str,
    recipe: Recipe,
    progress: Progress,
) -> tuple[Adapter, Report]:
    """Train on one knowledge base. Changes the encoder given: it comes back adapted (cut to the rank).

    Raises NothingToLearn, and ModelUnavailable when the model is of a kind that cannot be changed so.
    """
    examples = gather(knowledge, pinyin_reader(knowledge))
    held = _held_out(examples, recipe.held_out)
    if held.all() or not examples.is_question.any():
        raise NothingToLearn("no questions to learn from")
    receipt = Receipt.of(encoder.fingerprint, knowledge)
    texts = tuple(query_prefix + text for text in examples.texts)
    before = encoder.encode(texts, lambda done: progress("计算训练前的语义向量", done))
    factors, shifts = _fit(encoder, _Lesson(examples, query_prefix, ~held, before), recipe, progress)
    trained = frozenset(text_key(text) for text, out in zip(examples.texts, held, strict=True) if not out)
    after = encoder.encode(texts, lambda done: progress("计算训练后的语义向量", done))
    (first_before, apart_before), (first_after, apart_after) = (
        _score(vectors, examples, held) for vectors in (before, after)
    )
    report = Report(int((~held).sum()), int(held.sum()), (first_before, first_after), (apart_before, apart_after))
    return Adapter(receipt, factors, shifts, trained), report


def _held_out(examples: Examples, share: float) -> npt.NDArray[np.bool_]:
    """Which examples not to learn from: questions only, by the hash of the text, so that an edit moves no other."""
    fractions = [
        int.from_bytes(hashlib.sha256(f"held out\n{text}".encode("utf8", "replace")).digest()[:4], "big") / 2**32
        for text in examples.texts
    ]
    return (np.array(fractions) < share) & examples.is_question


@dataclass(frozen=True, slots=True)
class _Lesson:
    """What to learn: examples, which of them, and their vectors before."""

    examples: Examples
    query_prefix: str
    learn: npt.NDArray[np.bool_]
    before: Vectors


def _fit(
    encoder: SentenceTransformerEncoder, lesson: _Lesson, recipe: Recipe, progress: Progress
) -> tuple[dict[str, tuple[Half, Half]], dict[str, Half]]:
    """Train, cut the changes to the rank, leave the encoder so changed, and return the changes."""
    import torch  # noqa: PLC0415 - embedder.py has it loaded already; importing this module must stay quick

    torch.manual_seed(recipe.seed)
    threads = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)
    model, _ = encoder.trainable()
    weights = {name: weight for name, weight in model.named_parameters() if "embeddings" not in name}
    for name, weight in model.named_parameters():
        weight.requires_grad_(name in weights)
    origin = {name: weight.detach().clone() for name, weight in weights.items()}
    try:
        _descend(encoder, weights, lesson, recipe, progress)
    finally:
        torch.set_num_threads(threads)
        model.eval()
    changes = {name: (weight.detach() - origin[name]).numpy() for name, weight in weights.items()}
    factors = {name: low_rank(change, recipe.rank) for name, change in changes.items() if change.ndim == 2}
    shifts = {name: change.astype(np.float16) for name, change in changes.items() if change.ndim == 1}
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(origin[name])
            weight.requires_grad_(False)
    encoder.add(weight_changes(factors, shifts))
    return factors, shifts


def _descend(
    encoder: SentenceTransformerEncoder,
    weights: dict[str, torch.nn.Parameter],
    lesson: _Lesson,
    recipe: Recipe,
    progress: Progress,
) -> None:
    """Move the weights: AdamW with warm-up and linear decay, over all questions to be learned in each epoch."""
    import torch  # noqa: PLC0415 - as in _fit
    from torch.nn.functional import normalize as unit  # noqa: PLC0415 - the same

    model, tokenizer = encoder.trainable()
    texts, rows = lesson.examples.texts, np.flatnonzero(lesson.learn)
    order = random.Random(recipe.seed)  # noqa: S311 - not a secret
    slips = Slips(texts, recipe.seed)
    targets = lesson.examples.classes.astype(np.float32)
    allowed = torch.from_numpy(targets)
    answerable = torch.from_numpy(lesson.examples.answerable)
    mean = torch.from_numpy(lesson.before.mean(axis=0))
    classes = torch.nn.Parameter(_class_means(lesson.before[rows], targets[rows]))
    bias = torch.nn.Parameter(torch.zeros(len(classes)))
    scale = torch.nn.Parameter(torch.tensor(math.log(1 / recipe.temperature)))
    optimizer = torch.optim.AdamW(
        [
            {"params": list(weights.values()), "lr": recipe.rate, "weight_decay": 0.01},
            {"params": [classes, bias], "lr": recipe.class_rate, "weight_decay": 0.0},
            {"params": [scale], "lr": recipe.scale_rate, "weight_decay": 0.0},
        ]
    )
    steps = recipe.epochs * math.ceil(len(rows) / recipe.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / (WARM_UP * steps)) * max(0.02, 1 - step / steps)
    )
    model.train()
    shuffled = (batch for _ in range(recipe.epochs) for batch in _batches(rows, texts, recipe.batch, order))
    for done, batch in enumerate(shuffled, 1):
        asked = [slips.make(texts[row]) if order.random() < recipe.slips else texts[row] for row in batch]
        inputs = tokenizer(
            [lesson.query_prefix + text for text in asked],
            padding=True,
            pad_to_multiple_of=8,  # few shapes, so that few compiled kernels are kept in memory
            truncation=True,
            max_length=MAX_TOKENS,
            return_tensors="pt",
        )
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=fast_half()):
            states = model(**inputs).last_hidden_state
        mask = inputs["attention_mask"][..., None].float()
        vectors = unit((states.float() * mask).sum(dim=1) / mask.sum(dim=1), dim=1)
        logits = unit(vectors - mean, dim=1) @ unit(classes, dim=1).T * scale.exp() + bias
        loss = _loss(torch.log_softmax(logits, dim=1), allowed[batch], answerable[batch]).mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(list(weights.values()), 1.0)
        optimizer.step()
        schedule.step()
        progress(STAGE, done / steps)


def _loss(logs: torch.Tensor, allowed: torch.Tensor, answerable: torch.Tensor) -> torch.Tensor:
    """Cross entropy to all clauses that are needed; else the likelihood that the class is one of those allowed."""
    import torch  # noqa: PLC0415 - as in _fit

    needed = -(allowed * logs).sum(dim=1) / allowed.sum(dim=1)
    beside = -torch.logsumexp(logs.masked_fill(allowed == 0, -1e9), dim=1)
    return torch.where(answerable, needed, beside)


def _class_means(vectors: Vectors, targets: Targets) -> torch.Tensor:
    """Where the classes start: the directions of their examples' means; shape (classes, dimension)."""
    import torch  # noqa: PLC0415 - as in _fit

    shares = targets / np.maximum(targets.sum(axis=1, keepdims=True), 1.0)
    sums = shares.T @ (vectors - vectors.mean(axis=0))
    return torch.nn.functional.normalize(torch.from_numpy(sums.astype(np.float32)), dim=1)


def _batches(rows: npt.NDArray[np.int64], texts: Sequence[str], size: int, order: random.Random) -> Iterator[list[int]]:
    """All rows once, in random order, texts of like length together."""
    shuffled = rows.tolist()
    order.shuffle(shuffled)
    batches = []
    for start in range(0, len(shuffled), size * CHUNK):
        chunk = sorted(shuffled[start : start + size * CHUNK], key=lambda row: len(texts[row]))
        batches += [chunk[i : i + size] for i in range(0, len(chunk), size)]
    order.shuffle(batches)
    return iter(batches)


def low_rank(change: Vectors, rank: int) -> tuple[Half, Half]:
    """The nearest product of two thin matrices, (rows, rank) and (rank, columns) (Eckart and Young 1936)."""
    left, values, right = np.linalg.svd(change, full_matrices=False)
    root = np.sqrt(values[:rank])  # shared out evenly, so that both factors fit half precision
    return (left[:, :rank] * root).astype(np.float16), (root[:, None] * right[:rank]).astype(np.float16)


def _score(vectors: Vectors, examples: Examples, held: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Percentages of Report for some vectors: `first` and `told_apart`, on the questions held out."""
    _, scores = EmbeddingClassifier.fit(
        vectors, examples.classes, examples.answerable, folds_of(examples.texts, "vectors"), lambda done: None
    )
    count = examples.near.shape[1]
    labels, chances, answerable = examples.labels[held][:, :count], np.exp(scores[held]), examples.answerable[held]
    right = labels[np.arange(len(labels)), chances[:, :count].argmax(axis=1)]
    apart = (chances[:, :count].sum(axis=1) > 0.5) == answerable
    first = 100.0 * float(right[answerable].mean()) if answerable.any() else math.nan
    return first, 100.0 * float(apart.mean()) if len(labels) else math.nan
