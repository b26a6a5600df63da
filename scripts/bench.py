"""Measures speed and memory of our pipeline against a plain one: bench.py [--rounds N] [--starts N].

The plain pipeline is the same encoder, FAISS, and the three nearest clauses, nothing else. Both are measured in the
same run on the same machine, in turns, and medians over the rounds are shown, so that only ratios need be trusted.
Nothing is asserted: the last table says which of our own bars are met.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as in bot/__main__.py

import argparse
import json
import platform
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bot import assistant as assistant_module
from bot.assistant import Assistant
from bot.bootstrap import index_settings, silent
from bot.config import AnswersConfig, Config, find_config, load_config
from index import analyzer, calibration, retriever
from index.builtin_model import builtin_model
from index.dense.faiss_flat import FaissIndex
from index.dense.seam import Rows
from index.embedder import BUILTIN, Encoder
from index.examples import passage
from index.model import fitting_adapter, load_encoder
from index.onnx_encoder import OnnxEncoder
from index.pinyin import PinyinReader
from index.retriever import Retriever
from knowledge.base import KnowledgeBase
from knowledge.loader import load_knowledge

ROOT = Path(__file__).resolve().parent.parent
CALLERS = (1, 8, 64)
#: Questions of each measured block, long enough to be steady and short enough to take turns often.
BLOCK = 64
#: Questions of each block that measures a means of answering many, all different.
MIX = 256
#: The same with questions repeated as people do: half a minute of traffic, so that the cache is more than started.
REPEATED = 1024
LOAD_AND_EMBED = """
import sys
import torch
from sentence_transformers import SentenceTransformer
torch.set_num_threads(int(sys.argv[2]))
SentenceTransformer(sys.argv[1], device="cpu", local_files_only=True).encode([sys.argv[3]])
"""

Ask = Callable[[str], object]


def single_questions(folder: Path) -> list[str]:
    """Questions of every set that need no history (a follow-up is searched twice, the plain pipeline knows none)."""
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text("utf8").splitlines()]
    return [label["q"] for label in map(json.loads, lines) if not label.get("history")]


def zipf_mix(questions: Sequence[str], count: int, generator: random.Random) -> list[str]:
    """Questions as people repeat them: the k-th most popular one is asked in proportion to 1 / k."""
    popular = generator.sample(questions, len(questions))
    return generator.choices(popular, [1 / rank for rank in range(1, len(popular) + 1)], k=count)


def plain_pipeline(knowledge: KnowledgeBase, encoder: Encoder, config: Config) -> Ask:
    """Embed the question, search FAISS, and give the three nearest clauses."""
    clauses = list(knowledge)
    vectors = encoder.encode([config.model.passage_prefix + passage(clause, knowledge) for clause in clauses])
    names = tuple(clause.display for clause in clauses)
    dense = FaissIndex()
    dense.publish("plain", Rows(vectors, names, names, names))

    def ask(question: str) -> object:
        vector = encoder.encode([config.model.query_prefix + question])[0]
        return [clauses[row].display for row, _ in dense.search("plain", vector, 3)]

    return ask


def run_process(command: Sequence[str]) -> tuple[float, float]:
    """Seconds from start to end, and peak memory in MB, of a process."""
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own commands
        command, cwd=ROOT, env={**os.environ, "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def measure_starts(config: Config, question: str, repeats: int) -> dict[str, list[tuple[float, float]]]:
    """(seconds, MB) of `jianfu ask` and of a process that imports and loads the model and embeds once, in turns."""
    settings = index_settings(config)
    model = builtin_model(settings.model_cache, silent) if settings.model_name == BUILTIN else settings.model_name
    commands = {
        "ours": [sys.executable, "-m", "bot", "ask", question],
        "plain": [sys.executable, "-c", LOAD_AND_EMBED, str(model), str(config.model.threads), question],
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            found[name].append(run_process(command))
    return found


def latencies(ask: Ask, questions: Sequence[str]) -> list[float]:
    """Milliseconds of each question, one after the other."""
    times = []
    for question in questions:
        started = time.perf_counter()
        ask(question)
        times.append((time.perf_counter() - started) * 1000)
    return times


def throughput(ask: Ask, questions: Sequence[str], callers: int) -> float:
    """Questions a second with so many threads asking at once."""
    with ThreadPoolExecutor(callers) as pool:
        started = time.perf_counter()
        list(pool.map(ask, questions))
        return len(questions) / (time.perf_counter() - started)


class Stages:
    """Time spent in each stage of a question, without what the stages inside it took."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = defaultdict(float)
        self._open: list[float] = []

    @contextmanager
    def timed(self, places: Sequence[tuple[str, Any, str]]) -> Iterator[None]:
        """While open, calls of the named functions (stage, owner, attribute) are timed. One thread only."""
        originals = [(owner, name, getattr(owner, name)) for _, owner, name in places]
        for stage, owner, name in places:
            setattr(owner, name, self._timer(stage, getattr(owner, name)))
        try:
            yield
        finally:
            for owner, name, original in originals:
                setattr(owner, name, original)

    def _timer(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self._open.append(0.0)
            started = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                spent = (time.perf_counter() - started) * 1000
                self.milliseconds[stage] += spent - self._open.pop()
                if self._open:
                    self._open[-1] += spent

        return call


#: (stage, owner, function), in the order of the table.
PLACES: tuple[tuple[str, Any, str], ...] = (
    ("outline", retriever.Outline, "resolve"),
    ("outline", retriever.Outline, "missing"),
    ("normalize", analyzer, "normalize"),
    ("pinyin", PinyinReader, "read"),
    ("embedding", OnnxEncoder, "encode"),
    ("faiss", FaissIndex, "search"),
    ("bm25", retriever.SparseIndex, "scores"),
    ("coverage", retriever.SparseIndex, "coverage"),
    ("ngrams", retriever.NgramClassifier, "scores"),
    ("embedding classifier", retriever.EmbeddingClassifier, "scores"),
    ("calibration", calibration.Calibration, "probabilities"),
    ("calibration", calibration.Calibration, "answerable"),
    ("calibration", calibration.Calibration, "beside"),
    ("features", retriever, "features"),
    ("known", retriever.KnownQuestions, "lookup"),
    ("search, rest", Retriever, "search"),
    ("rewrite", assistant_module.followup, "resolve"),
    ("decide", assistant_module, "decide"),
    ("compose", Assistant, "_compose"),
    ("explain, rest", Assistant, "explain"),
)


def print_stages(assistant: Assistant, questions: Sequence[str]) -> None:
    """Milliseconds of each stage of a warm question; the mean, as stages that few questions reach count too."""
    stages = Stages()
    with stages.timed(PLACES):
        for question in questions:
            assistant.ask(question)
    total = sum(stages.milliseconds.values())
    print(f"\nOne warm question, stage by stage (mean of {len(questions)}):")
    for stage in dict.fromkeys(stage for stage, _, _ in PLACES):
        spent = stages.milliseconds[stage]
        print(f"  {stage:22}{spent / len(questions):9.3f} ms{spent / total:8.1%}")


def print_row(name: str, plain: float, ours: float, unit: str) -> float:
    """One line of the table; gives the ratio of ours to plain."""
    print(f"  {name:44}{plain:10.2f}{ours:10.2f} {unit:6}{ours / plain:8.2f}", flush=True)
    return ours / plain


def print_bar(met: bool, what: str, found: float) -> None:
    """Whether one of our own bars is met."""
    print(f"  {'met    ' if met else 'NOT MET'} {what}: {found:.2f}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each measurement (default 5)")
    parser.add_argument("--starts", type=int, default=5, help="processes started of each kind (default 5)")
    options = parser.parse_args()
    config = load_config(find_config(None))
    questions = single_questions(ROOT / "tests" / "questions")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{len(questions)} questions of tests/questions, {options.rounds} rounds, medians\n")
    print(f"  {'':44}{'plain':>10}{'ours':>10}{'':7}{'ratio':>8}")

    # Processes first: a child's peak memory is never reported below that of the process that starts it.
    starts = measure_starts(config, questions[0], options.starts)
    seconds, memory = ({name: median(one[i] for one in runs) for name, runs in starts.items()} for i in (0, 1))
    start_ratio = print_row("start to first answer", seconds["plain"], seconds["ours"], "s")
    print_row("peak memory of that process", memory["plain"], memory["ours"], "MB")

    knowledge = load_knowledge(config.path(config.knowledge.folder))
    settings = index_settings(config)
    adapter = fitting_adapter(knowledge, settings)
    encoder = load_encoder(settings, silent, adapter)
    searcher = Retriever.open(knowledge, encoder, settings, silent, adapter)
    forgetful = config.answers.model_copy(update={"remembered_questions": 0})
    assistant = Assistant(searcher, forgetful)  # the cache is measured by itself
    pipelines: dict[str, Ask] = {
        "plain": plain_pipeline(knowledge, encoder, config),
        "ours": assistant.ask,
        "embed": lambda question: encoder.encode([config.model.query_prefix + question]),
    }
    generator = random.Random(0)  # noqa: S311 - the same blocks in each run
    blocks = [generator.sample(questions, min(BLOCK, len(questions))) for _ in range(options.rounds)]
    for ask in pipelines.values():
        latencies(ask, questions[:20])
    times: dict[str, list[float]] = {name: [] for name in pipelines}
    for block in blocks:
        for name, ask in pipelines.items():
            times[name] += latencies(ask, block)
    middle = {name: median(found) for name, found in times.items()}
    print_row("warm question, median", middle["plain"], middle["ours"], "ms")
    last = {name: quantiles(found, n=100)[-1] for name, found in times.items()}
    print_row("warm question, 99th percentile", last["plain"], last["ours"], "ms")
    warm_ratio = print_row("against the bare embedding", middle["embed"], middle["ours"], "ms")
    for callers in CALLERS:
        speeds: dict[str, list[float]] = {"plain": [], "ours": []}
        for block in blocks:
            for name, found in speeds.items():
                found.append(throughput(pipelines[name], block, callers))
        print_row(f"{callers} callers at once", median(speeds["plain"]), median(speeds["ours"]), "q/s")
    gain = print_means(searcher, config, questions, options.rounds)
    print_stages(assistant, questions)

    print("\nOur bars:")
    print_bar(warm_ratio <= 1.3, "warm question, at most 1.3 of the bare embedding", warm_ratio)
    print_bar(start_ratio <= 1.2, "first answer, at most 1.2 of importing, loading and embedding", start_ratio)
    print_bar(gain >= 4, "64 callers, questions repeated as people do, at least 4 times one by one", gain)


def print_means(searcher: Retriever, config: Config, questions: Sequence[str], rounds: int) -> float:
    """What each means gains over answering one by one, alone and together; gives the last, in times."""
    forgetful = config.answers.model_copy(update={"remembered_questions": 0})
    generator = random.Random(1)  # noqa: S311 - the same blocks in each run
    mixes = {
        "all different": [generator.sample(questions, min(MIX, len(questions))) for _ in range(rounds)],
        "repeated as people do": [zipf_mix(questions, REPEATED, generator) for _ in range(rounds)],
    }
    means: tuple[tuple[str, str, AnswersConfig, int], ...] = (
        ("one by one", "all different", forgetful, 1),
        ("64 threads alone", "all different", forgetful, 64),
        ("one by one", "repeated as people do", forgetful, 1),
        ("cache alone", "repeated as people do", config.answers, 1),
        ("8 threads and cache", "repeated as people do", config.answers, 8),
        ("64 threads and cache", "repeated as people do", config.answers, 64),
    )
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for turn in range(rounds):
        for name, mix, answers, callers in means:
            ask = Assistant(searcher, answers).ask  # a new one: an empty cache
            found[name, mix].append(throughput(ask, mixes[mix][turn], callers))
    print(
        f"\nEach means alone ({MIX} different questions, {REPEATED} repeated ones;"
        " threads of one process, the cache empty at the start):"
    )
    gain = 0.0
    for (name, mix), speeds in found.items():
        gain = median(speeds) / median(found["one by one", mix])
        print(f"  {name:30}{mix:24}{median(speeds):8.0f} q/s{gain:8.2f}")
    return gain


if __name__ == "__main__":
    main()
