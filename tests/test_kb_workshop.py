"""Two processes that serve share the drafts on one disk: a preview is made by one of them."""

from __future__ import annotations

import threading
from pathlib import Path

from bot.kb.changes import ClauseEdit
from bot.kb.proposal import Proposal, prepare
from bot.kb.workshop import Workshop
from index.builtin_model import Progress
from tests.keeping import POLICY, installation
from tests.telegram_fake import until

TEXT = "乡科级正职办公室使用面积不超过20平方米，乡科级以下每人不超过9平方米。"


async def test_a_preview_that_one_process_makes_is_not_made_by_the_other(tmp_path: Path) -> None:
    with installation(tmp_path) as kept:
        asked: list[str] = []
        begun, go_on = threading.Event(), threading.Event()

        def shop(name: str) -> Workshop:
            def prepared(folder: Path, progress: Progress) -> Proposal:
                asked.append(name)
                begun.set()
                assert go_on.wait(60)
                return prepare(kept.shelved, folder, kept.maker, POLICY, progress)  # type: ignore[arg-type]

            return Workshop(tmp_path / "drafts", kept.shelved, prepared, kept.maker.make, 1)

        one, other = shop("one"), shop("other")
        draft = one.begin("甲", [ClauseEdit("jiedai-2021", "2.1", "措施1", text=TEXT)])
        assert begun.wait(60)
        other.work_on(draft)  # its page was asked for, and knows of no preview
        assert other.stage(draft.id) is not None
        go_on.set()
        await until(lambda: one.stage(draft.id) is None and other.stage(draft.id) is None, 120)
        assert asked == ["one"]
        preview = other.preview(draft)
        assert preview is not None
        assert preview == one.preview(draft)
        assert not preview.fault
        assert other.publish(draft, author="甲", reason="", override="试验", ask=False).action == "publish"
