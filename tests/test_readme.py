"""The README is true: its tree names every file there is, its commands exist, its figures are the code's."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from setuptools import find_packages

from bot.__main__ import build_parser
from bot.config import WebConfig
from tests.fakes import ROOT, real_knowledge

README = (ROOT / "README.md").read_text("utf8")
TREE = README.split("## 目录")[1].split("```")[1]


@pytest.mark.parametrize("folder", ["knowledge", "index", "bot"])
def test_tree_names_every_module_and_nothing_else(folder: str) -> None:
    block = re.split(r"\n(?=\S)", TREE.split(f"{folder}/ ")[1])[0]
    named = set(re.findall(r"^  (\w+\.py) ", block, re.MULTILINE))
    assert named == {path.name for path in (ROOT / folder).glob("*.py")} - {"__init__.py"}


WEB = "bot/channels/web"


@pytest.mark.parametrize(
    "folder",
    [
        "index/outline",
        "bot/followup",
        "bot/spans",
        "bot/state",
        "bot/quiz",
        "bot/study",
        "bot/rooms",
        "bot/kb",
        "bot/review",
        "bot/accounts",
        "bot/care",
        "knowledge/importing",
        "knowledge/lint",
        f"{WEB}/admin",
        f"{WEB}/rooms",
        f"{WEB}/api",
        f"{WEB}/border",
        f"{WEB}/core",
        f"{WEB}/pages",
    ],
)
def test_tree_names_every_module_of_the_inner_packages(folder: str) -> None:
    depth = 2 * folder.count("/")
    indent = " " * depth
    block = re.split(rf"\n(?= {{0,{depth}}}\S)", TREE.split(f"\n{indent}{Path(folder).name}/ ")[1])[0]
    named = set(re.findall(rf"^  {indent}(\w+\.py) ", block, re.MULTILINE))
    assert named == {path.name for path in (ROOT / folder).glob("*.py")} - {"__init__.py"}


def test_every_package_is_installed() -> None:
    found = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["tool"]["setuptools"]["packages"]["find"]
    listed = set(find_packages(str(ROOT), include=found["include"]))
    folders = {
        path.parent.relative_to(ROOT)
        for top in ("bot", "index", "knowledge")
        for path in (ROOT / top).rglob("__init__.py")
    }
    assert listed == {".".join(folder.parts) for folder in folders}


def test_every_path_in_the_tree_exists() -> None:
    for path in re.findall(r"^(\S+) ", TREE, re.MULTILINE):
        assert list(ROOT.glob(path.rstrip("/"))), path


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf8")
    texts = README + (ROOT / "CONTRIBUTING.md").read_text("utf8")
    for target in set(re.findall(r"(?:`|^|\s{4})make (\w+)", texts, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_commands_exist() -> None:
    help_text = build_parser().format_help()
    for command in set(re.findall(r"jianfu (\w+)", README)):
        assert re.search(rf"^\s+{command}\s", help_text, re.MULTILINE), command


def test_figures() -> None:
    assert f"127.0.0.1:{WebConfig().port}/" in README
    changelog = (ROOT / "CHANGELOG.md").read_text("utf8")
    knowledge = real_knowledge()
    questions = sum(len(clause.questions) for clause in knowledge) + sum(
        len(document.shared_questions) + len(document.unanswered) for document in knowledge.documents
    )
    assert f"{len(list(knowledge))} 条，{questions:,} 个已知问题" in changelog


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (Path(ROOT) / target).exists(), target
