"""Every sentence of learning alone that a person sees and that is not notice text."""

from __future__ import annotations

from types import MappingProxyType

from bot.study.standing import Level

LEVELS = MappingProxyType[Level, str]({"new": "未开始", "learning": "学习中", "known": "已掌握"})
REVISED = "此条已修订"

NO_SUCH_ITEM = "这道题已经没有了：条款改过，或链接不完整。请回到学习页，从今天的题继续。"
BAD_CHOICE = "这样作答不行：请从第 1 到第 {most} 个选项里选。"
