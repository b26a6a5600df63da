from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index import onnx_encoder
from index.builtin_model import ModelUnavailable
from index.embedder import Encoder, SentenceTransformerEncoder
from index.onnx_encoder import OnnxEncoder, load_encoder
from tests.fakes import ROOT
from tests.tiny_model import make_tiny_model

CHARACTERS = "query: 一个文件最多几页会议How many PAGES0123456789"
TEXTS = ["query: 一个文件最多几页", "会议", "query: How many PAGES " * 30, "", "不认识的字"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("tiny"), CHARACTERS)


def load(model: Path | str, cache: Path, stages: list[str] | None = None) -> Encoder:
    seen = stages if stages is not None else []
    return load_encoder(
        str(model),
        cache=cache,
        allow_downloads=False,
        threads=1,
        progress=lambda stage, done: seen.append(stage),
    )


def original(model: Path, cache: Path) -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder(
        str(model), cache=cache, allow_downloads=False, threads=1, progress=lambda stage, done: None
    )


def test_an_export_gives_the_vectors_of_the_original(model: Path, tmp_path: Path) -> None:
    exported, wanted = load(model, tmp_path), original(model, tmp_path)
    assert isinstance(exported, OnnxEncoder)
    np.testing.assert_allclose(exported.encode(TEXTS), wanted.encode(TEXTS), atol=1e-5)
    assert exported.fingerprint == wanted.fingerprint
    assert exported.encode([]).shape == (0, 32)


def test_a_text_has_the_same_vector_alone_and_among_others(model: Path, tmp_path: Path) -> None:
    exported = load(model, tmp_path)
    together = exported.encode(TEXTS * 10)
    for row, text in enumerate(TEXTS):
        np.testing.assert_allclose(exported.encode([text])[0], together[row], atol=1e-5)


def test_the_export_is_made_once(model: Path, tmp_path: Path) -> None:
    load(model, tmp_path)
    stages: list[str] = []
    assert isinstance(load(model, tmp_path, stages), OnnxEncoder)
    assert stages == ["载入语义模型"]


def test_a_damaged_export_is_made_anew(model: Path, tmp_path: Path) -> None:
    load(model, tmp_path)
    [path] = tmp_path.glob("onnx/*/*/model.onnx")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    stages: list[str] = []
    mended = load(model, tmp_path, stages)
    assert "把语义模型换成更快的格式" in stages
    np.testing.assert_allclose(mended.encode(TEXTS), original(model, tmp_path).encode(TEXTS), atol=1e-5)


def test_another_model_gets_another_export(model: Path, tmp_path: Path) -> None:
    other = make_tiny_model(tmp_path / "other", CHARACTERS, seed=1)
    one, two = load(model, tmp_path / "cache"), load(other, tmp_path / "cache")
    assert one.fingerprint != two.fingerprint
    assert not np.allclose(one.encode(TEXTS[:1]), two.encode(TEXTS[:1]), atol=1e-2)
    stages: list[str] = []
    load(model, tmp_path / "cache", stages)
    assert stages == ["载入语义模型"]  # neither has pushed the other out


def test_only_the_latest_exports_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_encoder, "KEEP", 2)
    for seed in range(3):
        load(make_tiny_model(tmp_path / str(seed), CHARACTERS, seed=seed), tmp_path / "cache")
    assert len(list(tmp_path.glob("cache/onnx/*/*/model.onnx"))) == 2


def test_an_export_that_says_something_else_is_not_used(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    right = SentenceTransformerEncoder.export
    monkeypatch.setattr(SentenceTransformerEncoder, "export", lambda self, folder: right(self, folder) // 32)
    encoder = load(model, tmp_path)
    assert isinstance(encoder, SentenceTransformerEncoder)
    assert "slower: ExportDiffers: a cosine of" in caplog.text
    assert not list(tmp_path.glob("onnx/*/*/model.onnx"))


def test_where_nothing_can_be_written_the_original_is_used(
    model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "onnx").write_text("a file where the folder should be", "utf8")
    encoder = load(model, tmp_path)
    assert isinstance(encoder, SentenceTransformerEncoder)
    assert encoder.encode(TEXTS).shape == (5, 32)
    assert "slower" in caplog.text


def test_a_long_error_of_the_exporter_is_one_line(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: object, folder: Path) -> int:
        raise RuntimeError("cannot export\n" + "0.0 " * 100_000)

    monkeypatch.setattr(SentenceTransformerEncoder, "export", fail)
    load(model, tmp_path)
    [record] = caplog.records
    assert record.getMessage().endswith("RuntimeError: cannot export")


def test_an_unknown_model_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="载入失败"):
        load("no-such/model", tmp_path)


def test_samples_tell_models_apart() -> None:
    assert len(set(onnx_encoder.SAMPLES)) == len(onnx_encoder.SAMPLES) >= 5
    assert any(len(sample) > 512 for sample in onnx_encoder.SAMPLES)  # longer than models read: both must cut alike


@pytest.mark.model
def test_a_question_is_answered_without_loading_torch() -> None:
    program = (
        "import sys; from bot.__main__ import main; main(['prepare']); code = main(['ask', '一个文件最多几页']); "
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", "from bot.__main__ import main; main(['prepare'])"], cwd=ROOT, check=True)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "不超过10页" in done.stdout
