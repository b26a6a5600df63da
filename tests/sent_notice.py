"""An invented notice as somebody would send it to be imported."""

from __future__ import annotations

import io

import docx

NOTICE = """青禾县人民政府办公室关于规范会议活动的通知

各乡镇：
一、会议要少开
（一）每月的会议不得超过两次。
（二）每次会议不得超过90分钟。
二、会议要短开
（一）讲话稿不得超过3000字。
"""


def word_file(text: str) -> bytes:
    """The text as a Word file, a paragraph a line."""
    document = docx.Document()
    for line in text.splitlines():
        document.add_paragraph(line)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()
