// The parts that all views of a room share: place and clock, item, bars, clause, clauses to read again, QR code.

import { element, icon } from "../dom.js";

const SVG = "http://www.w3.org/2000/svg";
const root = document.body.dataset.root;
export const LETTERS = "ABCDEFGHIJKL";

/** An SVG element with attributes. */
function shape(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** The code in two groups, as one reads it out. */
export const spoken = (code) => `${code.slice(0, 3)} ${code.slice(3)}`;

/** "第 2 / 10 题 · 判断", with a clock that tick() moves. */
export function place(room, ...more) {
  return element(
    "p",
    { class: "room-place" },
    element("span", { text: `第 ${room.position + 1} / ${room.count} 题 · ${room.item.kind_name}` }),
    ...more,
    clock(room),
  );
}

function clock(room) {
  if (room.phase === "paused") return element("strong", { class: "room-clock", text: "暂停" });
  if (room.phase === "shown" && room.seconds_left === null) return null;
  if (room.seconds_left === null) return element("span", { class: "room-clock", text: "不限时" });
  const made = element("strong", { class: "room-clock", role: "timer" });
  made.dataset.ends = Date.now() + room.seconds_left * 1000;
  made.dataset.words = room.phase === "shown" ? "后下一题" : "";
  tick(made);
  return made;
}

function tick(shown) {
  const left = Math.max(0, Math.ceil((Number(shown.dataset.ends) - Date.now()) / 1000));
  shown.textContent = `${left} 秒${shown.dataset.words}`;
  shown.classList.toggle("near", left <= 5);
}

setInterval(() => document.querySelectorAll(".room-clock[data-ends]").forEach(tick), 250);

/** The stem, and for matching the left column unless it stands elsewhere. */
export function stem(item, left = item.left) {
  const lines = left.map((text) => element("li", { text }));
  return element(
    "div",
    { class: "room-stem" },
    element("p", { text: item.stem }),
    lines.length ? element("ol", { class: "room-left" }, ...lines) : null,
  );
}

/** The options with their letters. */
export function options(item) {
  return element(
    "ol",
    { class: "room-options" },
    ...item.options.map((text, index) => element("li", {}, element("b", { text: LETTERS[index] }), element("span", { text }))),
  );
}

/** The key, in letters or words. */
export function keyText(item, key) {
  const letters = key.map((index) => LETTERS[index]);
  if (item.form === "pairs") return letters.map((letter, row) => `(${row + 1})${letter}`).join("　");
  if (item.form === "order") return letters.join(" → ");
  return item.kind === "truefalse" ? item.options[key[0]] : letters.join("");
}

/** How often each option was chosen: letter, number and pattern say it without colour; the key has a mark and a word. */
export function bars(item, solution, totals) {
  const most = Math.max(1, ...totals.counts);
  return element(
    "ol",
    { class: "room-bars" },
    ...item.options.map((text, index) => {
      const right = solution.key.includes(index);
      const count = totals.counts[index] ?? 0;
      const bar = shape("rect", { width: `${(100 * count) / most}%`, height: 18, fill: `url(#bar-${index % 6})`, class: "bar" });
      return element(
        "li",
        { class: right ? "right" : "" },
        element("p", {}, element("b", { text: LETTERS[index] }), element("span", { text }), right ? rightMark() : null),
        element("p", { class: "room-bar" }, shape("svg", { width: "100%", height: 18, "aria-hidden": "true" }, bar), element("strong", { text: `${count} 人` })),
      );
    }),
  );
}

const rightMark = () => element("strong", { class: "room-right" }, icon("answer"), "正确答案");

/** The clause word for word, with where it stands. */
export function clause(found) {
  return element(
    "figure",
    { class: "citation" },
    element("blockquote", {}, ...found.quote.split("\n").filter((line) => line.trim()).map((text) => element("p", { text }))),
    element(
      "figcaption",
      {},
      element("span", { class: "source", text: `出处：${found.label}` }),
      found.revised ? element("strong", { class: "room-revised", text: "此条已修订，请看今天的条文" }) : null,
      element("a", { href: `${root}c/${encodeURIComponent(found.clause)}`, target: "_blank", rel: "noopener", text: "看这一条" }),
    ),
  );
}

/** What to read again when a session is over. */
export function weak(clauses) {
  if (!clauses.length) return element("p", { text: "没有需要重读的条款：各条都有八成以上答对，或没有人作答。" });
  return element("div", { class: "room-weak" }, ...clauses.map((one) => element("section", { class: "card" }, clause(one))));
}

/** Team totals, in the order of their numbers. */
export function teams(totals) {
  if (!totals.teams.length) return null;
  const told = (one) => `${one.team} 队：答对 ${one.right} 次（共答 ${one.answered} 次）`;
  return element("ul", { class: "room-teams", "aria-label": "各队合计" }, ...totals.teams.map((one) => element("li", { text: told(one) })));
}

/** The QR code of an invitation. */
export function qr(invitation) {
  const { size, path, address } = invitation;
  const dark = shape("path", { d: path, fill: "#000" });
  const ground = shape("rect", { width: size, height: size, fill: "#fff" });
  const attributes = { viewBox: `0 0 ${size} ${size}`, class: "room-qr", role: "img", "aria-label": `二维码：${address}`, "shape-rendering": "crispEdges" };
  return shape("svg", attributes, ground, dark);
}

/** Replaces what a place shows. */
export const put = (parent, ...children) => parent.replaceChildren(...children.filter((child) => child !== null));
