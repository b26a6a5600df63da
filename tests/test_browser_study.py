"""Papers and learning alone in a browser: each kind of task, a reload in the middle, stopping, forgetting; wide and on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from bot.quiz.bank import make_items
from bot.quiz.item import Item, Kind
from bot.quiz.layout import LETTERS
from tests.browser import PHONE, fail, fits, opened, serious_violations, served, wait_until_ready
from tests.fakes import real_knowledge, scripted_assistant
from tests.web_client import state_in

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.browser

ITEMS: dict[str, Item] = {item.id: item for item in make_items(real_knowledge())}
SMALL = """() => [...document.querySelectorAll('button, a[href], select, input')]
    .filter((e) => e.checkVisibility() && !e.closest('.skip') && e.type !== 'checkbox')
    .filter((e) => e.getBoundingClientRect().height < 39.9 || e.getBoundingClientRect().width < 30)
    .map((e) => e.outerHTML)"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state = state_in(tmp_path_factory.mktemp("installation"))
    with served(lambda progress: scripted_assistant(), state=state) as url:
        yield url
    state.close()


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """Somebody who has started to learn."""
    with opened(browser, f"{site}study") as page:
        start(page)
        yield page


def start(page: Page) -> None:
    page.get_by_role("button", name="开始学习").click()
    expect(page.locator("body")).to_have_attribute("data-study", "task")


def first(kind: Kind) -> Item:
    return next(item for item in ITEMS.values() if item.kind == kind and len(item.options) <= 6)


def practise(page: Page, site: str, item: Item) -> None:
    page.goto(f"{site}study?item={item.id}")
    expect(page.locator(".stem")).to_have_text(item.stem)


def options(page: Page) -> Locator:
    return page.locator(".study-choices").last.locator("button.choice")


def confirm(page: Page) -> Locator:
    return page.get_by_role("button", name="确定")


def give(page: Page, item: Item, key: tuple[int, ...]) -> None:
    """Answer as a person does, by pressing."""
    for place in key:
        options(page).nth(place).click()
    if item.kind in ("multiple", "order", "matching"):
        confirm(page).click()
    expect(page.locator("body")).to_have_attribute("data-study", "outcome")


def wrong_key(item: Item) -> tuple[int, ...]:
    if item.kind in ("order", "matching"):
        return tuple(reversed(item.key))
    return (next(place for place in range(len(item.options)) if place not in item.key),)


def shown_item(page: Page) -> Item:
    """The task on the page, known by its stem and options."""
    stem = page.locator(".stem").inner_text()
    texts = tuple(options(page).locator(".choice-text").all_inner_texts())
    return next(item for item in ITEMS.values() if item.stem == stem and item.options == texts)


# --- answering ---


@pytest.mark.parametrize(
    "kind", ["number", "term", "single", "truefalse", "belongs", "who", "multiple", "order", "matching"]
)
def test_each_kind_right_and_wrong(page: Page, site: str, kind: Kind) -> None:
    item = first(kind)
    practise(page, site, item)
    assert serious_violations(page) == []
    give(page, item, wrong_key(item))
    expect(page.locator(".outcome h2")).to_have_text("这次不对")
    expect(page.locator(".because")).to_have_text(item.explanation)
    assert serious_violations(page) == []
    practise(page, site, item)
    give(page, item, item.key)
    expect(page.locator(".outcome h2")).to_have_text("答对了")
    clause = real_knowledge().find(item.clause)
    assert clause is not None
    quoted = page.locator(".outcome blockquote p").all_inner_texts()
    assert "｜".join(quoted) == clause.display
    expect(page.locator(".outcome .source")).to_have_text(item.citation.label)


def test_the_key_is_shown_beside_what_was_chosen_in_words(page: Page, site: str) -> None:
    item = first("single")
    practise(page, site, item)
    mine = wrong_key(item)
    give(page, item, mine)
    rows = page.locator(".outcome .choice")
    expect(rows.nth(item.key[0]).locator(".choice-mark")).to_have_text("正确")
    expect(rows.nth(mine[0]).locator(".choice-mark")).to_have_text("您选的")


def test_an_order_can_be_changed_before_it_is_sent(page: Page, site: str) -> None:
    item = first("order")
    practise(page, site, item)
    options(page).nth(0).click()
    options(page).nth(1).click()
    expect(options(page).nth(1).locator(".choice-mark")).to_have_text("第2位")
    options(page).nth(0).click()  # takes it back; the other moves up
    expect(options(page).nth(0).locator(".choice-mark")).to_have_text("")
    expect(options(page).nth(1).locator(".choice-mark")).to_have_text("第1位")
    page.reload()  # half-made as it was
    expect(options(page).nth(1).locator(".choice-mark")).to_have_text("第1位")
    confirm(page).click(force=True)  # not complete: nothing is sent
    expect(page.locator("#said")).to_have_text("还没有排完。")
    expect(page.locator("body")).to_have_attribute("data-study", "task")
    options(page).nth(1).click()
    give(page, item, item.key)
    expect(page.locator(".outcome h2")).to_have_text("答对了")


def test_pairs_can_be_changed_before_they_are_sent(page: Page, site: str) -> None:
    item = first("matching")
    practise(page, site, item)
    lefts = page.locator(".choice.left")
    for place in item.key[:2]:
        options(page).nth(place).click()
    expect(lefts.nth(1).locator(".choice-mark")).to_have_text(f"→ {LETTERS[item.key[1]]}")
    lefts.nth(0).click()
    options(page).nth(item.key[1]).click()  # takes the option away from the second
    expect(lefts.nth(0).locator(".choice-mark")).to_have_text(f"→ {LETTERS[item.key[1]]}")
    expect(lefts.nth(1).locator(".choice-mark")).to_have_text("")
    page.reload()
    expect(lefts.nth(0).locator(".choice-mark")).to_have_text(f"→ {LETTERS[item.key[1]]}")
    lefts.nth(0).click()
    options(page).nth(item.key[0]).click()
    for left, place in list(enumerate(item.key))[1:]:
        lefts.nth(left).click()
        options(page).nth(place).click()
    confirm(page).click()
    expect(page.locator(".outcome h2")).to_have_text("答对了")


def test_keys_answer_and_go_on(page: Page) -> None:
    item = shown_item(page)
    page.keyboard.press(LETTERS[item.key[0]].lower())
    expect(page.locator(".outcome h2")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_have_attribute("data-study", "task")
    expect(page.locator(".stem")).to_be_focused()
    assert shown_item(page) != item


def test_a_day_to_its_end(page: Page) -> None:
    for left in range(6, 0, -1):
        expect(page.locator(".remaining-tasks")).to_have_text(f"今天还有：新题 {left} 题")
        item = shown_item(page)
        give(page, item, item.key if left > 1 else wrong_key(item))
        page.locator(".next").click()
    expect(page.locator("body")).to_have_attribute("data-study", "done")
    expect(page.get_by_role("heading", name="眼下的题做完了")).to_be_visible()
    assert re.search(r"有 \d 题过几分钟会再来一次", page.locator(".study").inner_text())
    assert not re.search(r"\d+\s*[%％分]|得分|连续|排名", page.locator(".study").inner_text().replace("过几分钟", ""))


# --- going on ---


def test_a_reload_in_the_middle_loses_nothing(page: Page) -> None:
    item = shown_item(page)
    page.reload()
    assert shown_item(page) == item
    give(page, item, item.key)
    page.reload()  # before 下一题 was pressed
    following = shown_item(page)
    assert following != item
    expect(page.locator(".remaining-tasks")).to_have_text("今天还有：新题 5 题")


def test_stopping_and_going_on(page: Page, site: str) -> None:
    item = shown_item(page)
    page.get_by_role("button", name="先到这里").click()
    expect(page.get_by_role("heading", name="先到这里")).to_be_focused()
    assert serious_violations(page) == []
    page.get_by_role("button", name="接着做").click()
    assert shown_item(page) == item
    page.goto(site)
    wait_until_ready(page)
    page.locator("#menu summary").click()
    page.get_by_role("link", name="学一学").click()
    assert shown_item(page) == item


def test_an_answer_that_did_not_arrive_can_be_sent_again(browser: Browser, site: str) -> None:
    with opened(browser, f"{site}study", expected="503") as page:
        start(page)
        fail(page, "study/answers", 503, "state_unavailable", "记录暂时存取不了，请过半分钟再试。")
        item = shown_item(page)
        options(page).nth(item.key[0]).click()
        expect(page.get_by_role("alert")).to_have_text("记录暂时存取不了，请过半分钟再试。")
        assert shown_item(page) == item
        page.unroute_all()
        page.get_by_role("button", name="重试").click()
        expect(page.locator(".outcome h2")).to_have_text("答对了")


def test_an_answer_given_twice_is_said_to_count_once(page: Page, site: str) -> None:
    item = shown_item(page)
    other = page.context.new_page()
    other.goto(f"{site}study")
    give(page, item, item.key)
    give(other, item, wrong_key(item))
    expect(other.locator(".when")).to_have_text("这道题在别处已经答过，这次不重复记。")


def test_a_revised_clause_is_marked(page: Page) -> None:
    def revise(route: Route) -> None:
        content = route.fetch().json()
        content["next"]["revised"] = True
        route.fulfill(json=content)

    page.get_by_role("button", name="先到这里").click()
    page.route("**/api/v1/study", revise)
    page.get_by_role("button", name="接着做").click()
    expect(page.locator(".tag.revised")).to_have_text("此条已修订")


def test_from_a_missed_item_to_the_clause_and_to_a_question(page: Page, site: str) -> None:
    item = first("number")
    practise(page, site, item)
    give(page, item, wrong_key(item))
    page.get_by_role("link", name="读原文").click()
    expect(page.locator("h1")).to_have_text(item.citation.label)
    expect(page.locator("blockquote mark").first).to_be_visible()
    page.go_back()
    page.goto(f"{site}study/wrong")
    expect(page.locator(".wrong-clause .stem")).to_have_text(item.stem)
    page.get_by_role("link", name="再做一次").click()
    expect(page.locator(".stem")).to_have_text(item.stem)
    expect(page.locator(".tag").first).to_have_text("复习")
    give(page, item, wrong_key(item))
    page.get_by_role("link", name="就这一条提问").click()
    wait_until_ready(page)
    expect(page.locator("#question")).to_have_value(f"{item.citation.label}：")


# --- forgetting ---


def test_forgetting_asks_once_more(page: Page, site: str) -> None:
    item = shown_item(page)
    give(page, item, wrong_key(item))
    page.get_by_role("button", name="删除我的学习记录").click()
    expect(page.get_by_role("button", name="不删")).to_be_focused()
    page.get_by_role("button", name="不删").click()
    page.goto(f"{site}study/wrong")
    expect(page.locator(".wrong-clause")).to_have_count(1)
    page.goto(f"{site}study")
    page.get_by_role("button", name="删除我的学习记录").click()
    page.get_by_role("button", name="删除", exact=True).click()
    expect(page.get_by_text("已删除。")).to_be_visible()
    expect(page.get_by_role("button", name="开始学习")).to_be_visible()
    assert page.context.cookies() == []
    page.goto(f"{site}study/wrong")
    expect(page.get_by_text("现在没有错题")).to_be_visible()


def test_a_page_left_open_after_forgetting_elsewhere(browser: Browser, site: str) -> None:
    with opened(browser, f"{site}study", expected="409") as page:
        start(page)
        page.context.clear_cookies()
        options(page).nth(0).click()
        expect(page.get_by_role("alert")).to_contain_text("还没有开始学习")
        start(page)


# --- every screen ---


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone(browser: Browser, site: str, scheme: str) -> None:
    with opened(browser, f"{site}study", viewport=PHONE, has_touch=True, color_scheme=scheme) as page:
        assert (serious_violations(page), page.evaluate(SMALL), fits(page)) == ([], [], True)
        start(page)
        for kind in ("multiple", "order", "matching", "truefalse"):
            item = first(kind)
            practise(page, site, item)
            assert (serious_violations(page), page.evaluate(SMALL), fits(page)) == ([], [], True), kind
            give(page, item, wrong_key(item))
            assert (serious_violations(page), page.evaluate(SMALL), fits(page)) == ([], [], True), kind
            expect(page.locator(".outcome h2")).to_be_in_viewport()
            expect(page.locator(".study-bar .next")).to_be_in_viewport()
        for path in ("study/wrong", "study/map", "quiz", "quiz?n=x", "quiz/print"):
            page.route("**/quiz?n=x", lambda route: route.fulfill(status=200, body=route.fetch().body()))
            page.goto(site + path)
            assert (serious_violations(page), page.evaluate(SMALL), fits(page)) == ([], [], True), path


@pytest.mark.parametrize("width", [320, 768, 1920])
def test_nothing_scrolls_sideways(browser: Browser, site: str, width: int) -> None:
    with opened(browser, f"{site}study", viewport={"width": width, "height": 700}) as page:
        start(page)
        for kind in ("matching", "order", "single"):
            item = first(kind)
            practise(page, site, item)
            assert fits(page), kind
            give(page, item, wrong_key(item))
            assert fits(page), kind
        for path in ("study/wrong", "study/map", "quiz", "quiz/print"):
            page.goto(site + path)
            assert fits(page), path


def test_nothing_moves_while_the_page_loads(browser: Browser, site: str) -> None:
    with opened(browser, f"{site}study") as page:
        start(page)
        page.add_init_script(
            "window.moved = 0; new PerformanceObserver((list) => { for (const one of list.getEntries()) moved += one.value; })"
            ".observe({ type: 'layout-shift', buffered: true })"
        )
        page.goto(f"{site}study?item={first('matching').id}")
        expect(page.locator(".choice").first).to_be_visible()
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.evaluate("moved") < 0.01


def test_without_script_there_is_a_paper_to_print(browser: Browser, site: str) -> None:
    with opened(browser, f"{site}study", java_script_enabled=False) as page:
        page.get_by_role("link", name="打印一份题").click()
        expect(page.locator("h1")).to_have_text("《通知》练习题")
        expect(page.locator(".questions > li")).to_have_count(20)


# --- papers ---


def test_a_paper_is_chosen_and_downloaded_without_script(browser: Browser, site: str, tmp_path: Path) -> None:
    with opened(browser, f"{site}quiz", java_script_enabled=False) as page:
        page.get_by_label("范围").select_option("2")
        page.get_by_label("题数").fill("7")
        page.get_by_label("判断").check()
        page.get_by_role("button", name="看题").click()
        expect(page.locator(".questions > li")).to_have_count(7)
        page.get_by_role("button", name="换一套").click()
        expect(page.get_by_label("套号")).to_have_value("2")
        expect(page.get_by_label("判断")).to_be_checked()
        with page.expect_download() as waiting:
            page.get_by_role("button", name="CSV").click()
        assert waiting.value.suggested_filename == "通知练习题_问题二_7题_第2套.csv"
        waiting.value.save_as(tmp_path / "paper.csv")
        assert (tmp_path / "paper.csv").read_text("utf-8-sig").count("判断（以《通知》原文为准）") == 7
        assert "scope=2&n=7&seed=2&kinds=truefalse" in unquote(page.url)


def test_the_printed_key_begins_a_page_and_controls_stay_away(browser: Browser, site: str) -> None:
    with opened(browser, f"{site}quiz/print?n=3&scope=2.2") as page:
        expect(page.get_by_role("button", name="打印")).to_be_visible()
        page.emulate_media(media="print")
        for control in (".bar", ".action", ".page-links", ".key-follows"):
            expect(page.locator(control).first).to_be_hidden()
        assert page.locator(".paper-key").evaluate("part => getComputedStyle(part).breakBefore") == "page"
        content = page.pdf(format="A4")
        assert len(re.findall(rb"/Type /Page\b", content)) == 2


def test_the_menu_closes_by_escape_and_by_a_press_elsewhere(browser: Browser, site: str) -> None:
    with opened(browser, site) as page:
        wait_until_ready(page)
        summary = page.locator("#menu summary")
        summary.click()
        expect(page.get_by_role("link", name="出一份题")).to_be_visible()
        assert serious_violations(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("link", name="出一份题")).to_be_hidden()
        expect(summary).to_be_focused()
        summary.click()
        page.locator("#welcome-heading").click()
        expect(page.get_by_role("link", name="出一份题")).to_be_hidden()
