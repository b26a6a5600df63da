// Draws what came of an answer: right or not, the key, why, and the clause word for word with ways on.

import { askAddress, clauseAddress } from "../api.js";
import { element, icon, marked } from "../dom.js";
import { displayed, lines } from "../notices.js";
import { LETTERS } from "./task.js";

/** The parts below one another; `heading(words)` makes the heading that gets the focus. */
export function outcomeParts(task, choice, outcome, heading) {
  const words = outcome.right ? "答对了" : "这次不对";
  const result = heading(words);
  result.prepend(icon(outcome.right ? "answer" : "close"));
  return [
    element(
      "article",
      { class: `card study-card outcome ${outcome.right ? "right" : "wrong"}` },
      result,
      element("p", { class: "when", text: outcome.counted ? when(outcome.due) : "这道题在别处已经答过，这次不重复记。" }),
      element("p", { class: "stem", text: task.stem }),
      answers(task, choice, outcome),
      element("p", { class: "because", text: outcome.explanation }),
      clause(outcome),
    ),
  ];
}

/** The key beside what the person chose, in words. */
function answers(task, choice, { key, right }) {
  if (task.form === "order") {
    const ordered = key.map((place) => element("li", { text: `${LETTERS[place]}．${task.options[place]}` }));
    const mine = right ? null : element("p", { class: "told", text: `您排的：${choice.map((place) => LETTERS[place]).join("→")}` });
    return element("div", { class: "key" }, element("p", { text: "正确的先后：" }), element("ol", {}, ...ordered), mine);
  }
  if (task.form === "pairs") {
    const rows = task.left.map((left, at) =>
      element(
        "li",
        {},
        element("span", { text: `(${at + 1}) ${left}` }),
        element("strong", { text: `→ ${LETTERS[key[at]]}．${task.options[key[at]]}` }),
        choice[at] === key[at] ? null : element("span", { class: "told", text: `您对应的是 ${LETTERS[choice[at]]}` }),
      ),
    );
    return element("div", { class: "key" }, element("p", { text: "正确的对应：" }), element("ul", { class: "matched" }, ...rows));
  }
  const rows = task.options.map((text, place) => {
    const [isKey, isMine] = [key.includes(place), choice.includes(place)];
    const mark = [isKey ? "正确" : "", isMine ? "您选的" : ""].filter(Boolean).join("，");
    return element(
      "li",
      { class: `choice shown${isKey ? " is-key" : ""}${isMine && !isKey ? " is-wrong" : ""}` },
      element("span", { class: "letter", text: LETTERS[place] }),
      element("span", { class: "choice-text", text }),
      element("span", { class: "choice-mark", text: mark }),
    );
  });
  return element("ul", { class: "study-choices" }, ...rows);
}

function clause({ citation, clause: reference }) {
  const plain = displayed(citation.quote) === citation.quote; // else marks would stand in the wrong place
  const marks = citation.spans.map(([start, end]) => [start - citation.start, end - citation.start]);
  const quote = plain ? [element("p", {}, ...marked(citation.quote, marks))] : lines(displayed(citation.quote)).map((text) => element("p", { text }));
  return element(
    "figure",
    { class: "citation" },
    element("blockquote", {}, ...quote),
    element(
      "figcaption",
      {},
      element("span", { class: "source", text: citation.label }),
      element(
        "span",
        { class: "actions" },
        element("a", { class: "action", href: clauseAddress(reference, citation.spans) }, icon("notice"), "读原文"),
        element("a", { class: "action", href: askAddress(`${citation.label}：`) }, icon("ask"), "就这一条提问"),
      ),
    ),
  );
}

/** When the task comes back, as people say it. */
function when(due) {
  if (due === null) return "";
  const then = new Date(due);
  const minutes = (then - Date.now()) / 60000;
  if (minutes < 60) return "过几分钟再做一次。";
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
  const days = Math.round((midnight(then) - midnight(new Date())) / 86400000);
  return days <= 0 ? "今天晚些时候再做一次。" : days === 1 ? "明天再做一次。" : `${days} 天后再做一次。`;
}
