// The projector: how to come in, the item in large letters with its live count, then the distribution and the clause.

import { element } from "../dom.js";
import { roomAt } from "./client.js";
import { bars, clause, keyText, options, place, put, qr, spoken, stem, teams, weak } from "./draw.js";
import { follow } from "./follow.js";

const view = document.getElementById("view");
const line = document.getElementById("line");
const { code } = document.getElementById("room").dataset;
const api = roomAt(code);
let invitation = null;
let latest = null;
let drawn = "";

function show(content) {
  if (latest && content.room.revision < latest.room.revision) return; // came late
  latest = content;
  const { room, totals } = content;
  const now = JSON.stringify([room.revision, totals, invitation?.address]);
  if (now === drawn) return;
  drawn = now;
  draw(room, totals);
  fit();
}

/** Nobody scrolls a projector: what does not fit is written smaller, down to half. */
function fit() {
  const page = document.documentElement;
  for (let size = 1; size >= 0.5; size -= 0.05) {
    page.style.setProperty("--fit", size.toFixed(2));
    if (page.scrollHeight <= window.innerHeight) return;
  }
}

function draw(room, totals) {
  if (room.phase === "lobby") put(view, ...lobby(room, totals));
  else if (room.phase === "over") put(view, element("h1", { text: "需要重读的条款" }), weak(room.weak));
  else if (room.phase === "shown") put(view, ...shown(room, totals));
  else put(view, ...asked(room, totals));
}

function lobby(room, totals) {
  const address = invitation ? invitation.address.replace(/^https?:\/\//, "") : "";
  return [
    element("h1", { text: room.title }),
    element(
      "div",
      { class: "room-lobby" },
      invitation ? qr(invitation) : null,
      element(
        "div",
        {},
        element("p", { text: "手机扫码，或打开" }),
        element("p", { class: "room-address", text: address }),
        element("p", { text: "房间编号" }),
        element("p", { class: "room-code", text: spoken(code) }),
        element("p", { class: "room-people", text: `已进入 ${totals.seats} 人` }),
      ),
    ),
    invitation && !invitation.reachable ? element("p", { class: "note", text: invitation.hint }) : null,
  ];
}

const answered = (totals) => element("strong", { class: "room-answered", text: `已答 ${totals.answered} / ${totals.seats}` });
const foot = (room, totals) => element("p", { class: "room-foot" }, element("span", { text: `房间编号 ${spoken(room.code)}` }), element("span", { text: `${totals.seats} 人` }));

function asked(room, totals) {
  return [place(room, answered(totals)), stem(room.item), options(room.item), foot(room, totals)];
}

function shown(room, totals) {
  const { item, solution } = room;
  const told = totals.answered ? `${totals.answered} 人作答，${totals.right} 人答对` : "没有人作答";
  const how = totals.counts.length
    ? bars(item, solution, totals)
    : element("div", {}, options(item), element("p", { class: "room-key" }, "正确答案：", element("strong", { text: keyText(item, solution.key) })));
  return [
    place(room, element("strong", { class: "room-answered", text: told })),
    stem(item),
    element("div", { class: "room-shown" }, how, element("div", {}, clause(solution), element("p", { class: "room-explained", text: solution.explanation }))),
    teams(totals),
    foot(room, totals),
  ];
}

window.addEventListener("resize", fit);
new ResizeObserver(fit).observe(view); // also when a picture or a font arrives after the words
api.invitation().then((found) => {
  invitation = found;
  if (latest) show(latest);
}, () => {});
follow(api.address, "screen", api.screen, show, (up, error) => {
  if (error?.status === 404) put(view, element("h1", { text: "没有这个房间" }), element("p", { text: error.message }));
  else line.textContent = up ? "" : "连不上，正在重连…";
});
