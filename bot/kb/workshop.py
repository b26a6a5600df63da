"""Makes the previews of drafts, one after another in one thread, and puts drafts on record.

A preview is made of the draft's file alone, so whatever a restart interrupts is simply made again.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from bot.assistant import Assistant
from bot.kb import changes, publishing
from bot.kb import draft_words as words
from bot.kb import words as kb_words
from bot.kb.changes import Change
from bot.kb.drafts import Draft, Drafts, NoDraft, write_aside
from bot.kb.preview import Noticed, Preview
from bot.kb.proposal import Proposal, read_folder
from bot.kb.served import Shelved
from bot.kb.shelf import Pointer
from bot.state.versions import BaseMoved, Entry
from index.builtin_model import Progress
from knowledge.archive import digest_of, unpack
from knowledge.base import KnowledgeBase
from knowledge.disk import locked
from knowledge.errors import JianfuError
from knowledge.lint.run import lint

logger = logging.getLogger(__name__)

Prepare = Callable[[Path, Progress], Proposal]
Make = Callable[[KnowledgeBase, Progress], Assistant]
Stage = tuple[str, float | None]

#: Held by the process that makes a draft's preview.
LOCK = ".lock"


class Workshop:
    """The drafts of one installation and the work on them."""

    def __init__(self, root: Path, shelved: Shelved, prepare: Prepare, make: Make, approvals: int = 1) -> None:
        """`prepare` is proposal.prepare() on a folder, `make` Maker.make; `approvals` is config.knowledge's."""
        self.root = root
        self.drafts = Drafts(root)
        self.shelved = shelved
        self.approvals = approvals
        self._prepare = prepare
        self.make = make
        self._lock = threading.Lock()
        self._queue: OrderedDict[str, Callable[[Progress], None]] = OrderedDict()
        self._stages: dict[str, Stage] = {}
        self._running = False

    def begin(self, author: str, some: Sequence[Change]) -> Draft:
        """A new draft on the version in use, whose preview is begun. Raises JianfuError, StateUnavailable."""
        pointer = self.shelved.in_use()
        draft = self.drafts.new(author, pointer.seq, pointer.digest, some)
        self.work_on(draft)
        return draft

    def add(self, draft_id: str, change: Change) -> Draft:
        """One more change to a draft. Raises NoDraft, BaseMoved, JianfuError."""
        self.check(self.drafts.get(draft_id))
        draft = self.drafts.add(draft_id, change)
        self.work_on(draft)
        return draft

    def redo(self, draft_id: str) -> Draft:
        """The same changes on the version in use now; the draft before is gone. Raises NoDraft, JianfuError."""
        before = self.drafts.get(draft_id)
        draft = self.begin(before.author, before.changes)
        self.drafts.discard(draft_id)
        return draft

    def check(self, draft: Draft) -> None:
        """Raises BaseMoved where something was published since the draft was begun."""
        now = self.shelved.in_use().seq
        if now != draft.base:
            raise BaseMoved(words.MOVED.format(now=now, base=kb_words.served(draft.base)))

    def work_on(self, draft: Draft, *, again: bool = False) -> None:
        """Make a draft's preview unless it is there or being made; `again` makes it in any case."""
        if again:
            self._preview_file(draft).unlink(missing_ok=True)
        elif self.preview(draft) is not None:
            return
        self.enqueue(draft.id, lambda progress: self._work(draft.id, progress))

    def stage(self, name: str) -> Stage | None:
        """How far the work on a draft, or of another name, is; None where nobody works on it."""
        return self._stages.get(name)

    def preview(self, draft: Draft) -> Preview | None:
        """A draft's preview, or None while it is not made."""
        try:
            return Preview.from_text(self._preview_file(draft).read_text(encoding="utf8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            logger.warning("the preview of draft %s cannot be used: %s", draft.id, error)
            return None

    def publish(self, draft: Draft, *, author: str, reason: str, override: str | None, ask: bool) -> Entry:
        """Put a draft on record as previewed, for a second person with `ask`; it is then no draft any more.

        Raises BaseMoved, JianfuError as publishing.publish() does, StateUnavailable.
        """
        self.check(draft)
        preview = self.preview(draft)
        if preview is None or preview.fault:
            raise JianfuError(words.NOT_READY)
        folder = self.folder_of(draft)
        try:
            archive, knowledge = read_folder(folder)
        except JianfuError:
            archive, knowledge = b"", None
        if knowledge is None or digest_of(archive) != preview.digest:
            self.work_on(draft, again=True)
            raise JianfuError(words.CHANGED_MEANWHILE)
        pointer = self.shelved.in_use()
        if (pointer.seq, pointer.digest) != (draft.base, draft.base_digest):
            self.check(draft)
            raise BaseMoved(words.MOVED.format(now=pointer.seq, base=kb_words.served(draft.base)))
        proposal = Proposal(
            folder,
            archive,
            knowledge,
            self.shelved.fetch(pointer),
            self.shelved.archive(pointer),
            preview.differences,
            preview.effect,
            preview.report,
            preview.findings,
        )
        entry = publishing.publish(
            self.shelved,
            proposal,
            author=author,
            reason=reason,
            override=override,
            approvals=2 if ask else self.approvals,
        )
        self.drafts.discard(draft.id)
        return entry

    def enqueue(self, name: str, work: Callable[[Progress], None]) -> None:
        """Have work done after what waits already, once for each name; stage() says how far it is."""
        with self._lock:
            if name in self._stages:
                return
            self._queue[name] = work
            self._stages[name] = (words.WAITING, None)
            if self._running:
                return
            self._running = True
        threading.Thread(target=self._run, name="workshop", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._running = False
                    return
                name, work = self._queue.popitem(last=False)

            def progress(stage: str, fraction: float | None, name: str = name) -> None:
                self._stages[name] = (stage, fraction)

            try:
                work(progress)
            except Exception:
                logger.exception("work on %s failed", name)
            finally:
                with self._lock:
                    self._stages.pop(name, None)

    def _work(self, draft_id: str, progress: Progress) -> None:
        """Make the preview unless another process of this machine, which was asked first, has made it meanwhile."""
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(self.drafts.folder(draft_id) / LOCK))
            except FileNotFoundError:
                return  # discarded meanwhile
            except OSError as error:  # a full disk, say; the work itself tells the person
                logger.warning("draft %s is worked on without a lock: %s", draft_id, error)
            self._work_alone(draft_id, progress)

    def _work_alone(self, draft_id: str, progress: Progress) -> None:
        """Make the preview of what the draft is now; whatever is changed meanwhile is looked at afterwards."""
        while True:
            try:
                draft = self.drafts.get(draft_id)
            except NoDraft:
                return
            if self.preview(draft) is not None:
                return
            try:
                preview = self._made(draft, progress)
            except JianfuError as error:
                preview = Preview(fault=str(error).replace(f"{self.drafts.folder(draft_id)}/", ""))
            except Exception as error:
                logger.exception("the preview of draft %s failed", draft_id)
                preview = Preview(fault=words.UNEXPECTED.format(error=type(error).__name__))
            if not self.drafts.folder(draft_id).is_dir():
                return  # discarded meanwhile
            try:
                write_aside(self._preview_file(draft), preview.to_text())
            except OSError as error:
                logger.error("the preview of draft %s is not kept: %s", draft_id, error)
                return

    def _made(self, draft: Draft, progress: Progress) -> Preview:
        progress(words.TAKING_OUT, None)
        self.check(draft)
        folder, base = self.folder_of(draft), self.drafts.folder(draft.id) / "base"
        aside = folder.with_name("changing")
        archive = self.shelved.archive(Pointer(draft.base, draft.base_digest))
        try:
            for one in (base, aside, folder):
                shutil.rmtree(one, ignore_errors=True)
            unpack(archive, base)
            shutil.copytree(base, aside)
            for number, change in enumerate(draft.changes):
                progress(words.APPLYING, number / draft.revision)
                changes.apply(aside, change)
            aside.rename(folder)
        except OSError as error:
            raise JianfuError(words.CANNOT_KEEP.format(error=error.strerror or error)) from error
        proposal = self._prepare(folder, progress)
        if not proposal.changes_anything:
            raise JianfuError(words.NOTHING)
        self.check(draft)
        progress(words.LINTING, None)
        silent: Progress = lambda stage, fraction: None  # noqa: E731
        known = {Noticed.of(one) for one in lint(base, silent)}
        noticed = (Noticed.of(one) for one in lint(folder, silent))
        return Preview.of(proposal, tuple(dict.fromkeys(one for one in noticed if one not in known)))

    def folder_of(self, draft: Draft) -> Path:
        """The knowledge folder with a draft's changes; it is there once the preview is."""
        return self.drafts.folder(draft.id) / f"knowledge-{draft.revision}"

    def _preview_file(self, draft: Draft) -> Path:
        return self.drafts.folder(draft.id) / f"preview-{draft.revision}.json"
