// Two thumbs below an answer, and a reason after the lower one. Says what is sent along before it is sent.

import { element, icon } from "./dom.js";

const REASONS = [
  ["wrong_clause", "引错条款"],
  ["incomplete", "不完整"],
  ["should_answer", "应答未答"],
  ["should_not_answer", "不该答"],
  ["", "不说原因"],
];
const TOLD = "选一项就会发送，可以改选。会附上这个问题，好查是哪里不对；不附您是谁。";

/**
 * The row for one answer. `given` is the verdict kept before, or null; `send(verdict, reason)` resolves when it is
 * kept and throws an Error that says why not; `onKept(given)` is told of each that was kept.
 */
export function feedbackRow(given, { send, onKept }) {
  const said = element("span", { class: "feedback-said", role: "status" });
  const up = thumb("up", "有用", () => give("up", ""));
  const down = thumb("down", "不对", () => open(reasons.hidden));
  down.setAttribute("aria-expanded", "false");
  const choices = REASONS.map(([reason, words]) =>
    element("button", { class: "chip", type: "button", "aria-pressed": "false", "data-reason": reason, text: words, onclick: () => give("down", reason) }),
  );
  const reasons = element(
    "div",
    { class: "reasons", role: "group", "aria-label": "哪里不对" },
    element("p", { class: "told", text: TOLD }),
    element("div", { class: "chips" }, ...choices),
  );
  reasons.hidden = true;
  const row = element("div", { class: "feedback", role: "group", "aria-label": "这个回答怎么样" }, up, down, said, reasons);
  let current = given;
  show();
  return row;

  function open(shown) {
    reasons.hidden = !shown;
    down.setAttribute("aria-expanded", String(shown));
    if (shown) reasons.scrollIntoView({ block: "nearest" });
  }

  function show() {
    up.setAttribute("aria-pressed", String(current?.verdict === "up"));
    down.setAttribute("aria-pressed", String(current?.verdict === "down"));
    for (const choice of choices) {
      choice.setAttribute("aria-pressed", String(current?.verdict === "down" && current.reason === choice.dataset.reason));
    }
  }

  async function give(verdict, reason) {
    if (row.getAttribute("aria-busy") === "true") return;
    if (current?.verdict === verdict && current.reason === reason) return;
    row.setAttribute("aria-busy", "true");
    said.textContent = "";
    try {
      await send(verdict, reason);
      current = { verdict, reason };
      if (verdict === "up") open(false);
      said.textContent = "已记下，谢谢。";
      onKept(current);
    } catch (error) {
      said.textContent = `没有记下：${error.message}`;
    } finally {
      row.removeAttribute("aria-busy");
      show();
    }
  }
}

function thumb(name, words, press) {
  return element("button", { class: "thumb", type: "button", "aria-pressed": "false", onclick: press }, icon(name), element("span", { text: words }));
}
