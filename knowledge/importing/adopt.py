"""The questions that a person has approved in a draft's suggestions.yaml, put under their clauses."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from knowledge import editing, strict_yaml
from knowledge.importing.leftovers import SUGGESTIONS
from knowledge.loader import DOCUMENTS_FOLDER, Identifier, Line, load_document


class Suggestion(BaseModel):
    """One suggested question; `use` is a person's word."""

    model_config = ConfigDict(extra="forbid")

    clause: Identifier
    question: Line
    use: bool = False


class SuggestionsFile(BaseModel):
    """A whole suggestions.yaml."""

    model_config = ConfigDict(extra="forbid")

    suggestions: list[Suggestion] = Field(default_factory=list)


def adopt(folder: Path) -> tuple[int, int]:
    """Add the approved questions to the draft's document; how many are new, and how many are not approved.

    Running it again adds nothing twice. Raises InvalidFile or CannotEdit.
    """
    record = strict_yaml.validate(SuggestionsFile, strict_yaml.read(folder / SUGGESTIONS))
    path = next(iter(sorted((folder / DOCUMENTS_FOLDER).glob("*.yaml"))), folder / DOCUMENTS_FOLDER / "?.yaml")
    document = load_document(path, folder)
    there = {question for clause in document for question in clause.questions}
    added = 0
    for one in record.suggestions:
        if one.use and one.question not in there:
            editing.add_question(path, one.clause, one.question)
            there.add(one.question)
            added += 1
    return added, sum(not one.use for one in record.suggestions)
