// A phone in a room: come in, answer, see what was right and why. It keeps nothing; the server knows this seat by a cookie.

import { element, icon } from "../dom.js";
import { answering } from "./answering.js";
import { roomAt } from "./client.js";
import { clause, keyText, options, place, put, stem, weak } from "./draw.js";
import { follow } from "./follow.js";

const place_ = document.getElementById("room");
const view = document.getElementById("view");
const line = document.getElementById("line");
const api = roomAt(place_.dataset.code);
const RETRY_SECONDS = 1.5;

let room = null;
let seat = null;
let sending = null; // the choice under way
let said = ""; // what went wrong last
let drawn = "";
let timed = null; // the revision whose clock is shown
let entering = false;
const ticket = Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => byte.toString(16).padStart(2, "0")).join(""); // entering twice is one seat

function show(content) {
  if (room && content.revision < room.revision) { // came late; but that one sits here is as true
    if (content.seat) seat = { ...content.seat, choice: content.position === room.position ? content.seat.choice : (seat?.choice ?? null) };
    return draw();
  }
  if ("seat" in content) ({ seat } = content);
  else if (seat && room && content.position !== room.position) seat = { ...seat, choice: null };
  if (room && content.position !== room.position) {
    sending = null;
    said = "";
  }
  room = content;
  draw();
}

/** Draws anew only where something else is to be seen: more time or a pause leaves a half-made answer as it is. */
function draw() {
  if (room === null) return;
  const { phase, position, revision, item } = room;
  const now = JSON.stringify([phase === "paused" ? "asking" : phase, position, item?.id, seat, sending, said]);
  if (now !== drawn) put(view, ...parts());
  else if (revision !== timed) retime();
  drawn = now;
  timed = revision;
}

function retime() {
  view.querySelector(".room-place")?.replaceWith(place(room));
  const note = document.getElementById("standing");
  if (note) note.hidden = room.phase !== "paused";
}

function parts() {
  if (room.phase === "over") return closing();
  if (seat === null) return entrance();
  if (room.phase === "lobby") return [element("h1", { text: "已进入" }), element("p", { text: `${room.title}，共 ${room.count} 题。请看大屏，等培训者开始。` }), ...mine(), away()];
  return room.phase === "shown" ? solved() : asked();
}

function entrance() {
  const name = room.named ? element("input", { id: "name", maxlength: "20", autocomplete: "off" }) : null;
  const enter = (team) => sit(team, name?.value.trim() || null);
  const parts = [element("h1", { text: room.title }), element("p", { text: room.phase === "lobby" ? "还没有开始，点一下就进入。" : "已经开始，现在进来就能答这一题。" })];
  if (name) parts.push(element("label", { class: "room-field", for: "name" }, "名字（可以不写；只有培训者看得到，7 天后删除）"), name);
  if (!room.teams) return [...parts, failure(), element("button", { class: "room-main", type: "button", text: "进入", onclick: () => enter(null) })];
  const teams = Array.from({ length: room.teams }, (_, index) => element("button", { class: "room-main", type: "button", text: `进 ${index + 1} 队`, onclick: () => enter(index + 1) }));
  return [...parts, failure(), ...teams];
}

async function sit(team, name) {
  if (entering) return; // a second seat would sit empty
  entering = true;
  try {
    said = "";
    show(await api.sit(team, name, ticket));
  } catch (error) {
    said = `没有进去：${error.message}`;
    draw();
  } finally {
    entering = false;
  }
}

function asked() {
  const open = seat.choice === null && sending === null; // the pairs then name the left column themselves
  const parts = [place(room), stem(room.item, open ? [] : room.item.left)];
  parts.push(element("p", { id: "standing", class: "note", hidden: room.phase !== "paused", text: "培训者暂停了计时，仍可作答。" }));
  if (seat.choice !== null) return [...parts, options(room.item), element("p", { class: "room-received", role: "status" }, icon("answer"), `已收到：${keyText(room.item, seat.choice)}`), element("p", { class: "room-small", text: "等培训者公布答案。" })];
  if (sending !== null) return [...parts, options(room.item), element("p", { class: "room-received waiting", role: "status" }, element("span", { class: "pulse" }), `正在发送：${keyText(room.item, sending)}${said ? "（网络不稳，会一直重发）" : ""}`)];
  return [...parts, failure(), answering(room.item, send)];
}

/** Sends until it is kept, the item closes, or the answer is refused. */
async function send(choice) {
  const { position } = room;
  sending = choice;
  said = "";
  draw();
  while (sending === choice && room.position === position && ["asking", "paused"].includes(room.phase)) {
    try {
      const { status, choice: counted } = await api.answer(position, choice);
      if (room.position !== position) return;
      sending = null;
      if (counted !== null) seat = { ...seat, choice: counted };
      else if (status === "late") said = "这一题刚刚结束，没有赶上。";
      return draw();
    } catch (error) {
      said = error.message;
      if (!error.worthRetrying) {
        sending = null;
        said = `没有收到：${error.message}`;
        draw();
        if (error.status === 422) api.read().then(show, () => {}); // the seat may be gone
        return;
      }
      draw();
      await new Promise((resume) => setTimeout(resume, RETRY_SECONDS * 1000));
    }
  }
  if (sending === choice) {
    sending = null;
    draw();
  }
}

function solved() {
  const { item, solution } = room;
  const right = seat.choice !== null && JSON.stringify(seat.choice) === JSON.stringify(solution.key);
  const words = seat.choice === null ? "这一题没有作答" : right ? "答对了" : "答错了";
  const verdict = element("p", { class: `room-verdict ${seat.choice === null ? "none" : right ? "right" : "wrong"}`, role: "status" }, icon(seat.choice === null ? "decline" : right ? "answer" : "close"), words);
  const yours = seat.choice !== null && !right ? element("p", { text: `您选：${keyText(item, seat.choice)}` }) : null;
  return [
    place(room), verdict, yours,
    element("p", {}, "正确答案：", element("strong", { text: keyText(item, solution.key) })),
    element("p", { class: "room-small", text: solution.explanation }),
    element("section", { class: "card" }, clause(solution)),
    element("details", {}, element("summary", { text: "看题目" }), stem(item), options(item)),
    element("p", { class: "room-small", text: room.position + 1 < room.count ? "等下一题。" : "这是最后一题。" }),
  ];
}

function closing() {
  const parts = [element("h1", { text: "这一场结束了" }), element("h2", { text: "大家需要重读的条款" }), weak(room.weak)];
  if (seat?.name) parts.push(away("删除我留下的名字"));
  return [...parts, element("p", { class: "page-links" }, element("a", { href: document.body.dataset.root, text: "去提问" }))];
}

const mine = () => (seat.name || seat.team ? [element("p", { class: "room-small", text: [seat.team && `${seat.team} 队`, seat.name].filter(Boolean).join("，") })] : []);
const failure = () => (said ? element("p", { class: "room-failure", role: "alert", text: said }) : null);

function away(words = "离开，并删除我的记录") {
  const leave = async () => {
    try {
      await api.leave();
      said = "";
      show({ ...room, seat: null });
      line.textContent = "已删除。";
    } catch (error) {
      line.textContent = `没有删成：${error.message}`;
    }
  };
  return element("button", { class: "action", type: "button", text: words, onclick: leave });
}

follow(api.address, "phone", api.read, show, (up, error) => {
  if (error?.status === 404) put(view, element("h1", { text: "进不去" }), element("p", { text: error.message }), element("p", { class: "page-links" }, element("a", { href: `${document.body.dataset.root}join`, text: "重新输入编号" })));
  else line.textContent = up ? "" : "连不上，正在重连；已收到的回答不会丢。";
});
