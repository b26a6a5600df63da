// The trainer's control view. The key comes behind the # once, becomes a cookie, and goes out of the address bar.

import { copyButton, element } from "../dom.js";
import { base, roomAt } from "./client.js";
import { bars, clause, keyText, options, place, put, qr, spoken, stem, teams, weak } from "./draw.js";
import { follow } from "./follow.js";

const view = document.getElementById("view");
const line = document.getElementById("line");
const { code } = document.getElementById("room").dataset;
const api = roomAt(code);
const key = new URLSearchParams(location.hash.slice(1)).get("key");
let invitation = null;
let latest = null;
let drawn = "";
let ending = false; // 结束 was pressed once
let busy = false; // a step is under way

function show(content) {
  if (latest && content.room.revision < latest.room.revision) return; // came late
  const over = content.room.phase === "over";
  if (over && latest?.room.phase !== "over" && !content.names) api.control().then(show, () => {});
  latest = { names: latest?.names ?? [], names_until: latest?.names_until ?? null, ...content };
  draw();
}

function draw() {
  const now = JSON.stringify([latest.room.revision, latest.totals, latest.names, invitation?.address, ending]);
  if (now === drawn) return;
  drawn = now;
  const focused = document.activeElement?.dataset?.action;
  const { room, totals } = latest;
  put(view, ...(room.phase === "over" ? closing() : [head(room, totals), buttons(room), ...stage(room, totals), entrance()]));
  if (focused) (view.querySelector(`[data-action="${focused}"]`) ?? view.querySelector(".room-main"))?.focus();
}

function head(room, totals) {
  const states = { lobby: "等大家进来", asking: "正在作答", paused: "暂停中", shown: "已公布答案" };
  return element(
    "div",
    { class: "room-head" },
    element("h1", { text: `控制台 · ${spoken(code)}` }),
    element("p", { class: "room-count", "aria-live": "polite", text: `${states[room.phase]}：${totals.seats} 人在场${room.item ? `，${totals.answered} 人已答` : ""}` }),
  );
}

async function act(action) {
  if (busy) return;
  busy = true;
  try {
    show(await api.act(action, latest.room.position));
    line.textContent = "";
  } catch (error) {
    line.textContent = error.message;
    api.screen().then(show, () => {});
  } finally {
    busy = false;
  }
}

/** Does one step; the second press of a double click would hit the button of the next one, and is none. */
function button(words, action, main = false) {
  return element("button", { class: main ? "room-main" : "action", type: "button", "data-action": action, text: words, onclick: (event) => event.detail < 2 && act(action) });
}

function buttons(room) {
  const last = room.position + 1 === room.count;
  const main = {
    lobby: ["开始", "start"],
    asking: ["公布答案", "reveal"],
    paused: ["继续", "resume"],
    shown: last ? ["结束，看合计", "next"] : ["下一题", "next"],
  }[room.phase];
  const open = room.phase === "asking" || room.phase === "paused";
  const going = room.phase === "shown" && room.seconds_left !== null; // the next item comes by itself
  return element(
    "div",
    { class: "room-buttons" },
    button(...main, true),
    room.phase === "asking" || going ? button(going ? "停在这里" : "暂停", "pause") : null,
    room.phase === "paused" ? button("公布答案", "reveal") : null,
    (open && room.seconds) || going ? button("加 30 秒", "extend") : null,
    open ? button("跳过这一题", "skip") : null,
    end(),
  );
}

function end() {
  const press = () => {
    if (ending) return act("end");
    ending = true;
    draw();
    setTimeout(() => {
      ending = false;
      draw();
    }, 5000);
  };
  return element("button", { class: "action", type: "button", "data-action": "end", text: ending ? "再点一次就结束" : "结束这一场", onclick: press });
}

function stage(room, totals) {
  const projector = element("a", { class: "action", href: `${api.page}/screen`, target: "jianfu-screen", text: "打开大屏" });
  if (room.phase === "lobby") return [element("p", { class: "room-links" }, projector)];
  const parts = [element("p", { class: "room-links" }, projector), place(room), stem(room.item)];
  if (room.phase !== "shown") return [...parts, options(room.item)];
  const { item, solution } = room;
  return [
    ...parts,
    totals.counts.length ? bars(item, solution, totals) : options(item),
    element("p", {}, "正确答案：", element("strong", { text: keyText(item, solution.key) }), `　${totals.right} / ${totals.answered} 人答对`),
    element("section", { class: "card" }, clause(solution)),
    teams(totals),
  ];
}

function entrance() {
  if (!invitation) return null;
  return element(
    "section",
    { class: "room-entrance" },
    element("h2", { text: "怎么进来" }),
    invitation.reachable ? null : element("p", { class: "note", text: invitation.hint }),
    element("div", { class: "room-invite" }, qr(invitation), element("div", {}, element("p", {}, "编号 ", element("strong", { text: spoken(code) })), element("p", { class: "room-address", text: invitation.address }))),
    key ? copyButton("复制控制台链接（可在别的设备上打开）", () => `${base()}room/${code}/control#key=${key}`) : null,
  );
}

function closing() {
  const { room, names, names_until: until } = latest;
  const file = (name, words) => element("a", { class: "action", href: `${api.address}/files/${name}`, text: words });
  const papers = room.weak.length ? [file("paper.docx", "再练一次（Word）"), file("paper.pdf", "再练一次（PDF）")] : [];
  const listed = names.map((one) => element("li", { text: `${one.name}：答 ${one.answered} 题，对 ${one.right} 题` }));
  return [
    element("h1", { text: "这一场结束了" }),
    element("p", { class: "room-links" }, element("a", { class: "room-main", href: `${api.page}/report`, text: "看合计，可打印" }), ...papers, file("totals.csv", "合计（CSV）")),
    listed.length ? element("section", {}, element("h2", { text: "自愿留名的人" }), element("p", { class: "room-small", text: `按名字排；${until} 删除，只有这里看得到。` }), element("ul", {}, ...listed)) : null,
    element("h2", { text: "需要重读的条款" }),
    weak(room.weak),
    element("p", { class: "page-links" }, element("a", { href: `${document.body.dataset.root}room`, text: "再开一个房间" })),
  ];
}

async function begin() {
  if (key) history.replaceState(null, "", location.pathname);
  try {
    show(await (key ? api.useKey(key) : api.control()));
  } catch (error) {
    put(view, element("h1", { text: "打不开控制台" }), element("p", { text: error.message }), element("button", { class: "action", type: "button", text: "再试一次", onclick: begin }));
    return;
  }
  api.invitation().then((found) => {
    invitation = found;
    if (latest) draw();
  }, () => {});
  let up = true;
  follow(api.address, "screen", api.screen, show, (now) => {
    if (now !== up) line.textContent = now ? "" : "连不上，正在重连…";
    up = now;
  });
}

begin();
