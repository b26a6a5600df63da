import socket
import time
from pathlib import Path

import numpy as np
import pytest

from bot.config import load_config
from index.builtin_model import BUILDER_VERSION, ModelUnavailable
from index.embedder import BATCH, BUILTIN, SentenceTransformerEncoder, _alike
from tests.fakes import ROOT


def encoder_for(name: str, cache: Path) -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder(
        name, cache=cache, allow_downloads=False, threads=1, progress=lambda stage, done: None
    )


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every attempt to look up a name or connect fails, and is listed."""
    tried: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        tried.append(arguments)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tried


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", ["no-such/model-for-tests", "", "~nobody/model", "x" * 5000, "\0", "a/b/c"])
def test_an_unknown_model_fails_soon_and_without_network(name: str, tmp_path: Path, no_network: list[object]) -> None:
    import sentence_transformers  # noqa: F401, PLC0415 - importing takes seconds that are not measured here

    started = time.perf_counter()
    with pytest.raises(ModelUnavailable, match=r"载入失败（.+）；检查 config.yaml 的 model.name；内置模型写 builtin"):
        encoder_for(name, tmp_path)
    assert time.perf_counter() - started < 5
    assert no_network == []


def test_a_folder_that_holds_no_model_is_refused(tmp_path: Path, no_network: list[object]) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf8")
    with pytest.raises(ModelUnavailable, match="载入失败"):
        encoder_for(str(tmp_path), tmp_path)
    assert no_network == []


@pytest.fixture(scope="module")
def real() -> SentenceTransformerEncoder:
    config = load_config(ROOT / "config.yaml")
    return encoder_for(BUILTIN, config.path(config.model.cache))


@pytest.mark.model
def test_no_texts_give_no_rows(real: SentenceTransformerEncoder) -> None:
    vectors = real.encode([])
    assert vectors.shape == (0, 384)
    assert vectors.dtype == np.float32


@pytest.mark.model
def test_rows_keep_the_order_of_the_texts(real: SentenceTransformerEncoder) -> None:
    texts = [f"query: {'会议文件督查'[: 1 + i % 6] * (1 + i % 5)}{i}" for i in range(BATCH + 8)]
    done: list[float] = []
    vectors = real.encode(texts, done.append)
    assert vectors.shape == (BATCH + 8, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    for row in (0, 7, 20, BATCH, BATCH + 7):
        alone = real.encode([texts[row]])[0]
        np.testing.assert_allclose(alone, vectors[row], atol=1e-5)
    assert done == sorted(done)
    assert done[-1] == 1.0


def test_batches_hold_texts_of_like_length_and_every_text_once() -> None:
    lengths = sorted([5, 120, 60, 59, 30, 29, *([10] * 40)], reverse=True)
    batches = [lengths[one] for one in _alike(lengths)]
    assert [length for batch in batches for length in batch] == lengths
    assert all(2 * batch[-1] >= batch[0] and len(batch) <= BATCH for batch in batches)
    assert [len(batch) for batch in batches] == [2, 2, 1, 32, 9]
    assert list(_alike([])) == []


@pytest.mark.model
def test_meaning_decides(real: SentenceTransformerEncoder) -> None:
    query, near, far = real.encode(["query: 文件能写多长", "passage: 文件不超过10页", "passage: 定点厂家维修公务车辆"])
    assert query @ near > query @ far


@pytest.mark.model
def test_the_fingerprint_names_the_build(real: SentenceTransformerEncoder) -> None:
    assert real.fingerprint == f"builtin-{BUILDER_VERSION}"


@pytest.mark.model
def test_vectors_are_those_of_the_library(real: SentenceTransformerEncoder) -> None:
    texts = ["query: 一个文件最多几页", "query: how many pages", "passage: " + "会议" * 60]
    theirs = real._model.encode(texts, normalize_embeddings=True)
    np.testing.assert_allclose(real.encode(texts), theirs, atol=1e-6)
