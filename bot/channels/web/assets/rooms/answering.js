// The four ways to answer an item on a phone: one tap, several and 提交, an order by tapping, pairs by lists.

import { element } from "../dom.js";
import { LETTERS } from "./draw.js";

/** A form for the item; `send(choice)` gets option indices in the form that the API wants. */
export function answering(item, send) {
  if (item.form === "several") return several(item, send);
  if (item.form === "order") return ordered(item, send);
  if (item.form === "pairs") return matched(item, send);
  return element("div", { class: "room-choices", role: "group", "aria-label": "选项" }, ...item.options.map((text, index) => choice(text, index, () => send([index]))));
}

function choice(text, index, press, properties = {}) {
  return element("button", { class: "room-choice", type: "button", onclick: press, ...properties }, element("b", { text: LETTERS[index] }), element("span", { text }));
}

function submit(press) {
  return element("button", { class: "room-main", type: "button", text: "提交", disabled: true, onclick: press });
}

function several(item, send) {
  const chosen = new Set();
  const done = submit(() => send([...chosen].sort((a, b) => a - b)));
  const buttons = item.options.map((text, index) => {
    const button = choice(text, index, () => {
      if (!chosen.delete(index)) chosen.add(index);
      button.setAttribute("aria-pressed", String(chosen.has(index)));
      done.disabled = !chosen.size;
    }, { "aria-pressed": "false" });
    return button;
  });
  return element("div", { class: "room-choices", role: "group", "aria-label": "选项，可选几项" }, ...buttons, element("p", { class: "room-small", text: "选一项或几项，再点提交。" }), done);
}

function ordered(item, send) {
  const order = [];
  const done = submit(() => send([...order]));
  const buttons = item.options.map((text, index) => {
    const number = element("b", { class: "room-number", text: "–" });
    const press = () => {
      const at = order.indexOf(index);
      if (at < 0) order.push(index);
      else order.splice(at);
      buttons.forEach((other, place) => {
        const turn = order.indexOf(place);
        other.firstChild.textContent = turn < 0 ? "–" : String(turn + 1);
        other.setAttribute("aria-pressed", String(turn >= 0));
      });
      done.disabled = order.length !== item.options.length;
    };
    return element("button", { class: "room-choice", type: "button", "aria-pressed": "false", onclick: press }, number, element("span", { text: `${LETTERS[index]}．${text}` }));
  });
  return element("div", { class: "room-choices", role: "group", "aria-label": "按先后点" }, element("p", { class: "room-small", text: "按先后逐个点；再点一次，从那里重排。" }), ...buttons, done);
}

function matched(item, send) {
  const lists = item.left.map((text) => {
    const choices = item.options.map((option, index) => element("option", { value: String(index), text: `${LETTERS[index]}．${option}` }));
    const list = element("select", { onchange: () => (done.disabled = lists.some((one) => one.value === "")) }, element("option", { value: "", text: "请选择" }), ...choices);
    list.setAttribute("aria-label", text);
    return list;
  });
  const done = submit(() => send(lists.map((list) => Number(list.value))));
  const rows = item.left.map((text, row) => element("div", { class: "room-pair" }, element("p", { text: `(${row + 1}) ${text}` }), lists[row]));
  return element("div", { class: "room-choices", role: "group", "aria-label": "逐行选择" }, ...rows, done);
}
