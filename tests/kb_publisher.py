"""Publishes and goes back without end in processes to be killed; one is forked for each line `URL FOLDER SEED` read.

Writes the number of the process, and once it is dead the number of the signal that it died of. Every other version lacks
clause 2.3.
"""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

from bot.kb import publishing
from bot.kb.served import Shelved
from bot.kb.shelf import Shelf
from bot.state.database import Database
from bot.state.versions import Change, Versions
from knowledge.archive import pack
from knowledge.loader import load_knowledge
from tests.versions_folder import write


def work(url: str, folder: Path, seed: int) -> None:
    versions = Versions(Database.at(url, folder))
    shelved = Shelved(versions, Shelf(folder / "copies"), folder / "shipped")
    edited = folder / "edited"
    for number in itertools.count(seed):
        write(edited, number, drop=bool(number % 2))
        knowledge = load_knowledge(edited)
        head = versions.head()
        parent = 0 if head is None else head.seq
        change = Change("propose", pack(edited, knowledge), knowledge.version, parent, "甲")
        proposed = versions.record([change])
        published = publishing.approve(shelved, proposed.seq, approver="乙")
        if parent and number % 3 == 0:
            publishing.rollback(shelved, str(published.parent), author="甲")


if __name__ == "__main__":
    for line in sys.stdin:
        if not line.strip():
            break
        worker = os.fork()
        if not worker:
            address, folder, seed = line.split()
            work(address, Path(folder), int(seed))
        sys.stdout.write(f"{worker}\n")
        sys.stdout.flush()
        _, status = os.waitpid(worker, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status) * -1}\n")
        sys.stdout.flush()
