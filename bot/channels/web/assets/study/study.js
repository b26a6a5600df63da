// Learning alone: shows one task after the other, sends answers, and says what came of them. Everything is kept by the
// server as soon as it is answered, so a reload goes on where it was. Tasks are drawn by task.js, outcomes by outcome.js.

import * as api from "../api.js";
import { element } from "../dom.js";
import { outcomeParts } from "./outcome.js";
import { forgetting } from "./forget.js";
import { keepHalf } from "./half.js";
import { taskParts } from "./task.js";

const place = document.getElementById("study");
const said = document.getElementById("said");

let today = JSON.parse(place.dataset.today);
let touched = false; // whether the person has pressed something: only then may focus move
let press = null; // what a letter or digit key does

/** Puts parts into the place; the first heading gets the focus, so that it is read out. */
function show(...parts) {
  press = null;
  place.replaceChildren(...parts.filter(Boolean));
  place.dataset.drawn = "";
  if (!touched) return;
  place.querySelector("h2")?.focus({ preventScroll: true });
  if (place.getBoundingClientRect().top < document.querySelector(".bar").offsetHeight) place.scrollIntoView({ block: "start" });
}

const heading = (words) => element("h2", { tabindex: "-1", text: words });
const button = (words, onclick, kind = "action") => element("button", { class: kind, type: "button", text: words, onclick });

/** A row at the foot of the window with what can be done now. */
const bar = (...buttons) => element("div", { class: "study-bar" }, ...buttons);
const stopButton = () => button("先到这里", stop);

function announce(words) {
  said.textContent = "";
  setTimeout(() => (said.textContent = words), 50);
}

/** Runs a call to the server once at a time; what went wrong is said below, and can be tried again. */
let busy = false;
async function call(work, then) {
  if (busy) return;
  busy = true;
  touched = true;
  place.setAttribute("aria-busy", "true");
  place.querySelector(".failure")?.remove();
  try {
    then(await work());
  } catch (error) {
    if (!(error instanceof api.RequestFailed)) throw error;
    if (error.code === "study_not_started") notStarted();
    fail(error, () => call(work, then));
  } finally {
    busy = false;
    place.removeAttribute("aria-busy");
  }
}

function fail(error, again) {
  const retry = error.worthRetrying ? button("重试", again) : error.code === "no_such_item" ? button("接着做", goOn) : null;
  const failure = element("div", { class: "card failure" }, element("p", { role: "alert", text: error.message }), retry);
  place.append(failure);
  failure.scrollIntoView({ block: "nearest" });
}

function notStarted() {
  keepHalf(null, null);
  today = { started: false, due: 0, new: 0, later: 0, next: null };
  showToday();
}

// --- what is shown ---

function showToday() {
  document.body.dataset.study = today.started ? (today.next ? "task" : "done") : "welcome";
  forgetting.show(today.started);
  if (!today.started) return show(...welcome());
  if (!today.next) return show(...done());
  const task = today.next;
  const parts = taskParts(task, remaining(), (choice) => give(task, choice), announce);
  show(parts.card, bar(parts.confirm, stopButton()));
  press = parts.press;
}

function welcome() {
  const start = () => call(api.study.start, (given) => ((today = given), showToday()));
  return [
    element(
      "div",
      { class: "card study-card" },
      heading("每天几道题，过几天再见一次"),
      element("p", { text: "每天有几道新题；做过的题，会在快要忘记的时候再来。答完就看到依据的原文。随时可以停下，做到哪里都记着。" }),
    ),
    bar(button("开始学习", start, "action strong")),
  ];
}

function remaining() {
  const parts = [today.due ? `复习 ${today.due} 题` : "", today.new ? `新题 ${today.new} 题` : ""].filter(Boolean);
  return parts.length ? `今天还有：${parts.join("，")}` : "今天没有别的题了";
}

function done() {
  const later = today.later ? `有 ${today.later} 题过几分钟会再来一次，可以等一等，也可以先到这里。` : "明天再来，或看看错题本和学习地图。";
  return [
    element("div", { class: "card study-card" }, heading(today.later ? "眼下的题做完了" : "今天的题做完了"), element("p", { text: later })),
    today.later ? bar(button("再看看", goOn, "action strong"), stopButton()) : null,
  ];
}

function stop() {
  touched = true;
  document.body.dataset.study = "stopped";
  const left = today.due + today.new;
  const words = left ? `今天还有 ${left} 题，想做的时候再回来；不做也不要紧，过几天照样安排。` : "想做的时候再回来。";
  show(
    element("div", { class: "card study-card" }, heading("先到这里"), element("p", { text: `做过的都记下了。${words}` })),
    bar(button("接着做", goOn, "action strong")),
  );
}

const goOn = () => call(api.study.today, (given) => ((today = given), showToday()));

function give(task, choice) {
  return call(() => api.study.answer(task.item, task.showing, choice), (outcome) => {
    today = outcome.today;
    keepHalf(task, null);
    if (location.search) history.replaceState(history.state, "", location.pathname); // a reload goes on with today's
    document.body.dataset.study = "outcome";
    const more = today.next || today.later;
    const next = button(today.next ? "下一题" : "看看还有没有题", today.next ? showToday : goOn, "action strong next");
    show(...outcomeParts(task, choice, outcome, heading), bar(more ? next : button("完成", showToday, "action strong next"), more ? stopButton() : null));
    press = (key) => key === "Enter" && place.querySelector(".next").click();
  });
}

// --- keys ---

document.addEventListener("keydown", (event) => {
  if (!press || event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest?.("a, button, summary, input, textarea") && event.key === "Enter") return;
  if (press(event.key)) event.preventDefault();
});

forgetting.mount(document.getElementById("forget"), notStarted);
showToday();
