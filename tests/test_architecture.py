"""The borders of the design, checked on the code itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import ROOT

PACKAGES = ("knowledge", "index", "bot")
#: Files of bot/state/ that need no SQLAlchemy.
PLAIN = ("__init__", "state", "upkeep")
STATE = tuple(path.stem for path in (ROOT / "bot" / "state").glob("*.py") if path.stem not in PLAIN)
MIGRATIONS = tuple(path.stem for path in (ROOT / "bot" / "state" / "migrations" / "versions").glob("0*.py"))


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Every module of ours by its path from the root, parsed."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf8"))


def imported(tree: ast.AST) -> set[str]:
    """The top-level packages that a module imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def importers(*packages: str) -> set[str]:
    return {path for path, tree in sources() if imported(tree) & set(packages)}


def test_checks_see_the_code() -> None:
    paths = [path for path, _ in sources()]
    assert {"knowledge/loader.py", "index/embedder.py", "bot/__main__.py", "bot/channels/terminal.py"} <= set(paths)
    assert "bot/channels/terminal.py" in importers("tqdm")
    assert imported(ast.parse("def f():\n    import a.b\n    from c.d import e")) == {"a", "c"}


def test_import_contracts_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("packages", "owners"),
    [
        (("yaml",), {"knowledge/strict_yaml.py"}),
        (("faiss",), {"index/dense/faiss_flat.py"}),
        (("pymilvus", "grpc"), {"index/dense/milvus.py"}),
        (("bm25s",), {"index/sparse.py"}),
        (("onnxruntime",), {"index/onnx_encoder.py"}),
        (("onnx",), set()),  # torch's exporter imports it
        (
            ("sqlalchemy",),
            {f"bot/state/{name}.py" for name in (*STATE, *(f"migrations/versions/{one}" for one in MIGRATIONS))}
            | {"index/dense/pgvector.py"},
        ),
        (("argon2", "zxcvbn"), {"bot/accounts/passwords.py"}),
        (("rjieba",), {"bot/quiz/segment.py"}),
        (("fsrs",), {"bot/study/memory.py"}),
        (("docx",), {"bot/quiz/export_docx.py", "knowledge/importing/read_docx.py"}),
        (("pypdfium2",), {"knowledge/importing/read_pdf.py"}),
        (("lxml",), {"knowledge/importing/read_html.py"}),
        (("markdown_it",), {"knowledge/importing/read_markdown.py"}),
        (("rapidfuzz",), {"knowledge/lint/clauses.py"}),
        (("segno",), {"bot/channels/web/api/room_invitation.py"}),
        (("fpdf",), {"bot/quiz/export_pdf.py"}),
        (("pickle", "marshal", "shelve", "dill", "joblib"), set()),
    ],
)
def test_heavy_library_has_one_owner(packages: tuple[str, ...], owners: set[str]) -> None:
    assert importers(*packages) == owners


def test_only_embedder_builtin_model_and_training_touch_torch() -> None:
    names = {"torch", "sentence_transformers", "transformers", "tokenizers"}
    owners = {"index/embedder.py", "index/builtin_model.py", "index/training.py"}
    used = {
        path
        for path, tree in sources()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id in names)
        or (isinstance(node, ast.Constant) and node.value in names)  # import_module("torch") and its like
    }
    # The exported model reads its texts with the tokenizers library, which is small and knows no torch.
    assert used | importers(*names - {"tokenizers"}) <= owners
    assert importers("tokenizers") <= owners | {"index/onnx_encoder.py"}
    assert "index/embedder.py" in importers("sentence_transformers")
    assert importers("safetensors") <= {"index/builtin_model.py", "index/adapter.py"}


def test_only_the_configuration_opens_config_yaml() -> None:
    named = {
        path
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value == "config.yaml"
    }
    assert named == {"bot/config.py"}
    readers = {path for path, tree in sources() if "strict_yaml" in (ROOT / path).read_text("utf8")}
    assert {path for path in readers if not path.startswith("knowledge/")} == {
        "bot/config.py",
        "bot/review/draft.py",  # writes decisions into a copy of the knowledge
        "bot/kb/receiving.py",  # reads the suggestions of a draft, and document files that were sent
    }


def test_only_the_configuration_and_the_embedder_read_the_environment() -> None:
    readers = {
        path
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }
    assert readers <= {
        "bot/config.py",
        "bot/__main__.py",
        "bot/workers.py",
        "index/embedder.py",
        "index/builtin_model.py",
    }


def test_tests_lie_flat() -> None:
    assert [path for path in (ROOT / "tests").rglob("test_*.py") if path.parent != ROOT / "tests"] == []


@pytest.mark.parametrize("command", [["kb", "check"], ["trust"], ["quiz", "--json"]])
def test_command_over_knowledge_alone_loads_no_model_library(command: list[str]) -> None:
    program = (
        f"import sys; from bot.__main__ import main; code = main({command}); "
        "heavy = {'torch', 'onnxruntime', 'faiss', 'sklearn', 'telegram', 'fastapi', 'numpy'}; "
        "print(sorted(heavy & set(sys.modules))); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]")
