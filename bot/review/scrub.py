"""Takes people out of a question by rule: numbers, addresses on the net, names, homes. What is not safe is dropped.

Rules err on the side of taking too much: a question that lost a word costs a trainer a guess, a name that stayed costs trust.
Worked example: `我叫张伟，电话１３８-0013 8000，文件最多几页` becomes `我叫〔姓名〕，电话〔号码〕，文件最多几页`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from bot.quiz import segment
from bot.review import name_words

#: Longer texts tell a story, and a story tells who tells it.
MAX_CHARACTERS = 120
NUMBER, NAME, PLACE, LINK = "〔号码〕", "〔姓名〕", "〔地点〕", "〔网址〕"
MASKS = (NUMBER, NAME, PLACE, LINK)

_PLAIN = re.compile(r"[0-9A-Za-z@.+_:/-]+")
_SURNAME = name_words.SURNAME
_HAN = r"\u4e00-\u9fff"
_LINK = re.compile(
    r"(?:https?://|www\.)[^\s\u4e00-\u9fff，。；！？、]+|[\w.+-]+\s*(?:@|\(at\)|\[at\])\s*[\w-]+(?:\s*\.\s*[\w-]+)+"
    r"|(?<![\w@])@[\w-]{2,}|wxid_\w+",
    re.ASCII | re.IGNORECASE,
)
#: An account after what it is called: 微信号abc123, QQ：…, 账号 …
_ACCOUNT = re.compile(
    r"((?:微信号?|wechat|weixin|vx|wx|qq号?|[账帐]号|账户|卡号|编号|工号|学号|密码|密钥|口令|token|password)"
    r"\s*(?:是|为|:|：|=)?\s*)([A-Za-z0-9][\w.-]{3,})",
    re.ASCII | re.IGNORECASE,
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Za-z][\s·.•-]?[A-Za-z0-9]{5,6}(?![A-Za-z0-9])"
)
#: Seven digits or more, however they are set apart: telephones, identity numbers, cards.
_LONG_NUMBER = re.compile(r"\+?[0-9](?:[\s().·•—_,/\\-]{0,3}[0-9]){6,}(?:\s?[Xx](?![A-Za-z]))?")
_SPOKEN = "[零〇○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]"
_SPOKEN_NUMBER = re.compile(rf"{_SPOKEN}(?:[\s().·•—_,、/\\-]{{0,3}}{_SPOKEN}){{6,}}")
#: Five or six digits that count nothing: a room, a code, a short number.
_SHORT_NUMBER = re.compile(r"(?<![0-9.])[0-9]{5,6}(?![0-9.])(?!\s*(?:元|块|人|字|次|份|名|页|万|亿|个|户|天|多|%))")
_HOME = re.compile(
    rf"[{_HAN}0-9]{{0,8}}?[0-9一二三四五六七八九十百]+(?:号楼|栋|幢|单元|号院|门牌|弄[0-9]+号|(?<=[0-9])室(?![{_HAN}])|组[0-9]+号|路[0-9]+号|街[0-9]+号)"
    r"[0-9一二三四五六七八九十]*(?:单元|号|室|层)?[0-9]*室?"
)
#: A place by its own name: 大河镇, 红星村; not 乡镇, 本村, 全市.
_OWN_PLACE = re.compile(
    rf"(?:(?<=[在住])|(?<=[我们]是)|(?<=来自))(?!{name_words.NO_PLACE})[{_HAN}]{{2,4}}?(?:自治县|街道办|街道|社区|小区|省|市|县|区|乡|镇|村|屯|寨)"
    rf"(?=[的人，。；！？、,\s〔]|$|{_SURNAME})"
)
#: Said to be a name: 我叫…, 名叫…, 姓名：…
_SAID = re.compile(
    rf"((?:我|他|她|名字|人)叫做?|名叫|姓名|名字(?:是|叫)|大名|全名|实名|联系人|举报人|当事人)(\s*(?:是|为|叫|:|：)?\s*)(?!{name_words.NO_NAME})"
    rf"([{_HAN}]{{2,4}}?|[A-Za-z][A-Za-z .]{{1,24}})(?=[，。；！？、,.;!?:：\s〔的是在住说]|$|电话|手机|身份证|今年|来自)"
)
_I_AM = re.compile(
    rf"((?:我|本人|俺|咱|这里)(?:就)?是)({_SURNAME}[{_HAN}]{{1,2}})(?=[，。；！？、,.;!?\s〔的]|$|电话|手机|今年|来自)"
)
#: A surname before an office: 李书记, 王建国镇长.
_OFFICE = re.compile(rf"(?<![{_HAN}]总)({_SURNAME}[{_HAN}]{{0,2}}?)(?={name_words.OFFICE})")
#: 张某, 李某某, 小王, 老李: how people speak of somebody.
_SOMEBODY = re.compile(rf"{_SURNAME}某{{1,2}}|(?<![{_HAN}])[小老阿]{_SURNAME}(?![{_HAN}]{{0,1}}[康区于用说年问事])")
#: Where these stand and something had to be taken out, a person is being told of: the text is dropped.
_TELLS = re.compile(
    "身份证|银行卡|家住|住址|户口|举报|实名|患|确诊|离婚|怀孕|坐牢|判刑|自杀|贪污|受贿|嫖|情人|出轨|小三|密码|口令"
)
_DIGITS = re.compile(r"[0-9]")
_MANY_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A text without people; `masked` says that something was taken out."""

    text: str
    masked: bool


def scrub(text: str) -> Scrubbed | None:
    """The text without what tells of a person, on one line; None where it is better not kept.

    Scrubbing twice changes nothing more.
    """
    clean = _one_line(text)
    if not clean or len(clean) > MAX_CHARACTERS:
        return None
    done = _without_names(_without_numbers(clean))
    if done != clean and _without_names(_without_numbers(done)) != done:
        return None  # the rules do not come to rest on it
    masked = any(mask in done for mask in MASKS)
    if masked and _TELLS.search(done):
        return None
    if len(_DIGITS.findall(done)) > _MANY_DIGITS or len(re.sub(r"〔..〕|[\W_]", "", done)) < 2:
        return None
    return Scrubbed(done, masked)


def _one_line(text: str) -> str:
    """Visible characters on one line; digits and Latin letters in their plain form, so that rules see them."""
    visible: list[str] = []
    for character in text:
        category = unicodedata.category(character)
        if category in ("Cf", "Cs", "Co", "Cn", "Mn", "Me"):
            continue
        plain = unicodedata.normalize("NFKC", character)
        visible.append(" " if category[0] in "CZ" else plain if _PLAIN.fullmatch(plain) else character)
    return re.sub(r"\s+", " ", "".join(visible)).strip()


def _without_numbers(text: str) -> str:
    text = _LINK.sub(LINK, text)
    text = _ACCOUNT.sub(lambda found: found[1] + NUMBER, text)
    for rule in (_PLATE, _LONG_NUMBER, _SPOKEN_NUMBER, _SHORT_NUMBER):
        text = rule.sub(NUMBER, text)
    return _HOME.sub(PLACE, text)


def _without_names(text: str) -> str:
    text = _SAID.sub(lambda found: found[1] + found[2] + NAME, text)
    text = _OWN_PLACE.sub(PLACE, text)
    text = _SOMEBODY.sub(NAME, text)
    spans = [(word.start, word.end) for word in segment.words(text) if word.tag == "nr" and _is_name(word.text)]
    spans += [found.span(2) for found in _I_AM.finditer(text) if found[2] not in name_words.COMMON]
    spans += [found.span(1) for found in _OFFICE.finditer(text) if _may_be_name(text, *found.span(1))]
    for start, end in sorted(_merged(spans), reverse=True):
        text = text[:start] + NAME + text[end:]
    return re.sub(f"(?:{NAME})+", NAME, text)


def _is_name(word: str) -> bool:
    """Whether what the segmenter takes for a person's name may be one: a surname and one to three more characters."""
    return word not in name_words.COMMON and re.fullmatch(rf"{_SURNAME}[{_HAN}]{{1,3}}", word) is not None


def _may_be_name(text: str, start: int, end: int) -> bool:
    """Whether these characters are no part of a longer word, and no common word."""
    inside = [word for word in segment.words(text) if word.start < end and word.end > start]
    whole = inside[0].start == start and inside[-1].end == end
    return whole and text[start:end] not in name_words.COMMON


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same characters in spans that do not touch each other."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
