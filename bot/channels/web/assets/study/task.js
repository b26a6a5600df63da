// Draws one task and reads the person's choice: one option, several, an order, or pairs. Judging is the server's business.

import { element } from "../dom.js";
import { halfMade, keepHalf } from "./half.js";

export const LETTERS = "ABCDEFGHIJKL";

const HINTS = {
  several: "可选几个，选好按“确定”。",
  order: "按先后一个个点；再点一下取消。",
  pairs: "点左边的一句，再点与它对应的一项。",
};

/**
 * { card, confirm, press }: what is shown, the button that sends a choice of several parts (else null), and what a key does.
 * `onChoice(choice)` is called with indices of options, as /api/v1/study/answers takes them.
 */
export function taskParts(task, remaining, onChoice, announce) {
  const draw = { one, several, order, pairs: matched }[task.form];
  const { body, confirm, buttons } = draw(task, onChoice, announce);
  const card = element(
    "article",
    { class: "card study-card" },
    element("p", { class: "study-head" }, element("span", { class: "tag", text: task.is_new ? "新题" : "复习" }), task.revised ? element("span", { class: "tag revised", text: "此条已修订" }) : null, element("span", { class: "remaining-tasks", text: remaining })),
    element("h2", { class: "stem", tabindex: "-1", text: task.stem }),
    HINTS[task.form] ? element("p", { class: "told", text: HINTS[task.form] }) : null,
    body,
  );
  const press = (key) => {
    const place = /^[1-9]$/.test(key) ? Number(key) - 1 : LETTERS.indexOf(key.toUpperCase());
    if (key.length !== 1 || !buttons[place]) return false;
    buttons[place].focus({ preventScroll: true });
    buttons[place].click();
    return true;
  };
  return { card, confirm, press };
}

function option(text, place, onclick, more = {}) {
  return element(
    "button",
    { class: "choice", type: "button", onclick, ...more },
    element("span", { class: "letter", text: LETTERS[place] }),
    element("span", { class: "choice-text", text }),
    element("span", { class: "choice-mark" }),
  );
}

const list = (buttons, kind = "") => element("ul", { class: `study-choices ${kind}` }, ...buttons.map((made) => element("li", {}, made)));

function confirmation(onclick) {
  return element("button", { class: "action strong", type: "button", "aria-disabled": "true", text: "确定", onclick });
}

function allow(confirm, whether) {
  confirm.setAttribute("aria-disabled", String(!whether));
}

const allowed = (confirm) => confirm.getAttribute("aria-disabled") === "false";

function one(task, onChoice) {
  const buttons = task.options.map((text, place) => option(text, place, () => onChoice([place])));
  return { body: list(buttons, "plain"), confirm: null, buttons };
}

function several(task, onChoice, announce) {
  const chosen = new Set(halfMade(task, []));
  const draw = () => {
    buttons.forEach((made, place) => {
      made.setAttribute("aria-pressed", String(chosen.has(place)));
      made.querySelector(".choice-mark").textContent = chosen.has(place) ? "已选" : "";
    });
    allow(confirm, chosen.size > 0);
  };
  const toggle = (place) => {
    chosen.has(place) ? chosen.delete(place) : chosen.add(place);
    keepHalf(task, [...chosen]);
    draw();
  };
  const buttons = task.options.map((text, place) => option(text, place, () => toggle(place), { "aria-pressed": "false" }));
  const confirm = confirmation(() => (allowed(confirm) ? onChoice([...chosen].sort((a, b) => a - b)) : announce("还没有选。")));
  draw();
  return { body: list(buttons), confirm, buttons };
}

function order(task, onChoice, announce) {
  let chosen = halfMade(task, []);
  const draw = () => {
    buttons.forEach((made, at) => {
      const position = chosen.indexOf(at) + 1;
      made.setAttribute("aria-pressed", String(position > 0));
      made.querySelector(".choice-mark").textContent = position ? `第${position}位` : "";
    });
    allow(confirm, chosen.length === task.options.length);
  };
  const tap = (place) => {
    chosen = chosen.includes(place) ? chosen.filter((other) => other !== place) : [...chosen, place];
    keepHalf(task, chosen);
    draw();
    announce(chosen.includes(place) ? `${LETTERS[place]} 排在第 ${chosen.length}` : `${LETTERS[place]} 已取消`);
  };
  const buttons = task.options.map((text, place) => option(text, place, () => tap(place), { "aria-pressed": "false" }));
  const confirm = confirmation(() => (allowed(confirm) ? onChoice(chosen) : announce("还没有排完。")));
  draw();
  return { body: list(buttons), confirm, buttons };
}

function matched(task, onChoice, announce) {
  const pairs = halfMade(task, task.left.map(() => null));
  let current = Math.max(pairs.indexOf(null), 0);
  const draw = () => {
    lefts.forEach((made, at) => {
      made.setAttribute("aria-pressed", String(at === current));
      made.querySelector(".choice-mark").textContent = pairs[at] === null ? "" : `→ ${LETTERS[pairs[at]]}`;
    });
    buttons.forEach((made, at) => {
      const owner = pairs.indexOf(at);
      made.querySelector(".choice-mark").textContent = owner < 0 ? "" : `(${owner + 1})`;
      made.classList.toggle("used", owner >= 0);
    });
    allow(confirm, !pairs.includes(null));
  };
  const pick = (place) => {
    const before = pairs.indexOf(place);
    if (before >= 0) pairs[before] = null; // each option belongs to one
    if (before !== current) pairs[current] = place;
    announce(before === current ? `(${current + 1}) 已取消` : `(${current + 1}) 对应 ${LETTERS[place]}`);
    if (pairs[current] !== null && pairs.includes(null)) current = pairs.indexOf(null);
    keepHalf(task, pairs);
    draw();
  };
  const lefts = task.left.map((text, at) =>
    element(
      "button",
      { class: "choice left", type: "button", "aria-pressed": "false", onclick: () => ((current = at), draw()) },
      element("span", { class: "letter", text: `(${at + 1})` }),
      element("span", { class: "choice-text", text }),
      element("span", { class: "choice-mark" }),
    ),
  );
  const buttons = task.options.map((text, place) => option(text, place, () => pick(place)));
  const confirm = confirmation(() => (allowed(confirm) ? onChoice([...pairs]) : announce("还没有对应完。")));
  draw();
  return { body: element("div", { class: "pairs" }, list(lefts), list(buttons)), confirm, buttons };
}
