"""Numbers as people write them in an address: 3, 三, 十二, 贰, three, third."""

from __future__ import annotations

import re

DIGITS = dict(zip("零〇一二三四五六七八九两壹贰叁肆伍陆柒捌玖", [0, 0, *range(1, 10), 2, *range(1, 10)], strict=True))
TENS = "十拾"
ENGLISH_NUMBERS = {
    name: number
    for number, names in enumerate(
        (
            ("one", "first", "1st"),
            ("two", "second", "2nd"),
            ("three", "third", "3rd"),
            ("four", "fourth", "4th"),
            ("five", "fifth", "5th"),
            ("six", "sixth", "6th"),
            ("seven", "seventh", "7th"),
            ("eight", "eighth", "8th"),
            ("nine", "ninth", "9th"),
            ("ten", "tenth", "10th"),
        ),
        start=1,
    )
    for name in names
}

ENGLISH = "|".join(sorted(ENGLISH_NUMBERS, key=len, reverse=True))
_DIGIT = f"[{''.join(DIGITS)}]"
NUMBER = rf"(?:\d+(?!\d)|{_DIGIT}?[{TENS}]{_DIGIT}?|{_DIGIT})"
ANY_NUMBER = rf"(?:{NUMBER}|{ENGLISH})"


def number_of(text: str) -> int | None:
    """The whole number written by up to three digits, Chinese numerals or an English word; None when it is none."""
    if text in ENGLISH_NUMBERS:
        return ENGLISH_NUMBERS[text]
    if text.isdecimal():
        return int(text)
    tens = re.fullmatch(rf"({_DIGIT}?)[{TENS}]({_DIGIT}?)", text)
    if tens:
        return (DIGITS[tens[1]] if tens[1] else 1) * 10 + (DIGITS[tens[2]] if tens[2] else 0)
    return DIGITS.get(text)


def numeral(number: int) -> str:
    """The Chinese numeral of a number from 1 to 99 (others in digits)."""
    names = "零一二三四五六七八九"
    if not 1 <= number <= 99:
        return str(number)
    tens, ones = divmod(number, 10)
    front = "" if not tens else "十" if tens == 1 else f"{names[tens]}十"
    return front + (names[ones] if ones or not tens else "")


def numbers_in(text: str) -> tuple[int, ...] | None:
    """All the numbers in "三、五和7" (never empty), or None when one of them cannot be read."""
    pieces = [piece for piece in re.split(r"and|以及|[个类大项种、,，和与及第]", text) if piece]
    numbers = [number_of(piece) for piece in pieces]
    known = tuple(number for number in numbers if number is not None)
    return known if known and len(known) == len(numbers) else None
