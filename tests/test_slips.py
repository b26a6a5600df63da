from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from index.analyzer import sound
from index.slips import SHORTEST, Slips

TEXTS = ["一个文件最多几页", "会议能不能一直开到村里", "责任状还签不签", "督查检查考核一年几次", "文建 汇义 叶"]


def test_the_same_seed_makes_the_same_slips() -> None:
    first, second, other = (
        [slips.make(text) for text in TEXTS] for slips in (Slips(TEXTS, 1), Slips(TEXTS, 1), Slips(TEXTS, 2))
    )
    assert first == second != other


def test_most_slips_put_a_character_of_the_same_sound() -> None:
    slips, text = Slips(TEXTS, 0), "一个文件最多几页"
    made = [slips.make(text) for _ in range(300)]
    alike = [
        one
        for one in made
        if one != text and len(one) == len(text) and [sound(c) for c in one] == [sound(c) for c in text]
    ]
    assert any("叶" in one for one in alike)
    assert len(alike) > 20


def test_a_slip_changes_little() -> None:
    slips = Slips(TEXTS, 0)
    for text in TEXTS:
        for _ in range(50):
            lost = Counter(text) - Counter(slips.make(text))
            assert sum(lost[character] for character in lost if character not in "，。？ ") <= 2


def test_short_texts_stay_as_they_are() -> None:
    slips = Slips(TEXTS, 0)
    assert {slips.make("文件几页") for _ in range(50)} == {"文件几页"}
    assert SHORTEST == 5


@given(st.text(max_size=40))
def test_any_text_survives(text: str) -> None:
    assert len(Slips(TEXTS, 0).make(text)) <= len(text) + 2
