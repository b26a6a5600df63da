// The conversation: keeps its state, sends questions, and puts cards on the page. Drawing is cards.js's business,
// keeping it in the browser store.js's.

import * as api from "./api.js";
import { Cards } from "./cards.js";
import { motion, wantsNewTab } from "./dom.js";
import { feedbackRow } from "./feedback.js";
import "./menu.js";
import { Notices } from "./notices.js";
import { Reader } from "./reader.js";
import * as store from "./store.js";

const HISTORY = 6; // earlier questions sent along
const REMAINING_SHOWN = 50; // characters left when the counter appears
const SLOW = 8000; // milliseconds until a wait is spoken of
const UNDO = 20000; // milliseconds for which a cleared conversation can be brought back
const ANNOUNCED = 300; // characters of an answer that a screen reader is given at once
const PAUSES = { loading: 800, failed: 10000, unreachable: 3000 }; // milliseconds between looks at /readyz
const EMBEDDED = "embed" in document.documentElement.dataset;

const $ = (id) => document.getElementById(id);
const field = $("question");
const limit = Number(document.body.dataset.maxQuestionCharacters);

const notices = new Notices();
const reader = new Reader($("reader"), notices, { onAsk: askAbout });
const cards = new Cards(notices, { onChoose: choose, onRead: read, onAsk: askOffered });

let turns = store.load();
let state = { status: "starting" }; // the last object of /readyz
let asking = null; // the AbortController of the question being answered
let watching = false;
let wake = () => {}; // ends the pause between two looks at /readyz
let cleared = null; // the turns that were cleared, while they can be brought back
let recalled = -1; // which earlier question stands in the field, counted from the newest; -1 for none
let draft = ""; // what Escape took out of the field
const waiters = new Set(); // {resolve, reject, say} of questions that wait for readiness

const ready = () => state.status === "ready";

// --- what the browser keeps ---

function remember(...added) {
  turns = store.save([...turns, ...added]);
}

function cardOf(turn, index) {
  if (turn.kind === "question") return cards.question(turn.text);
  return turn.kind === "answer" ? answerCard(turn, questionBefore(index)) : cards.choice(turn.clause);
}

function questionBefore(index) {
  return turns.slice(0, index).findLast((turn) => turn.kind === "question")?.text ?? "";
}

function answerCard(turn, question) {
  const send = (verdict, reason) => sendFeedback(turn, question, verdict, reason);
  const onKept = (given) => {
    turns = turns.map((other) => (other.id === turn.id ? { ...other, feedback: given } : other));
    store.save(turns);
  };
  return cards.answer(turn.answer, feedbackRow(turn.feedback ?? null, { send, onKept }));
}

function sendFeedback({ id, answer }, question, verdict, reason) {
  const cited = answer.citations.map((one) => notices.cited(one)?.reference ?? one.clause);
  return api.feedback({
    id,
    verdict,
    reason,
    question: verdict === "down" ? question : "",
    outcome: answer.outcome,
    clauses: [...new Set([...cited, ...answer.options, ...answer.related])],
    knowledge_version: answer.knowledge_version,
  });
}

/** Draws the conversation that was kept. */
function redraw() {
  $("conversation").replaceChildren(...turns.map(cardOf));
  showWelcome();
}

// --- readiness ---

/** Looks at /readyz until questions can be asked. */
async function watch() {
  if (watching) return;
  watching = true;
  for (;;) {
    const now = await api.readiness();
    if (now.status === "ready") {
      await becomeReady(now);
      break;
    }
    showState(now);
    await new Promise((resolve) => {
      wake = resolve;
      setTimeout(resolve, PAUSES[now.status] ?? PAUSES.failed);
    });
  }
  watching = false;
}

async function becomeReady(now) {
  const unnamed = !notices.documents.length;
  try {
    await notices.load();
    $("titles").textContent = notices.titles;
    if (unnamed && turns.length && !asking) redraw(); // sources can be written out in full now
  } catch {
    // answers come without it; the reader's links lead to the clauses' own pages
  }
  const waitedFor = !$("state").hidden;
  state = now;
  document.body.dataset.status = "ready";
  $("state").hidden = true;
  $("lexical").hidden = state.mode !== "lexical";
  showSend();
  if (waitedFor) announce("已经备好，可以提问。");
  for (const waiter of waiters) waiter.resolve();
  waiters.clear();
}

function showState(now) {
  state = now;
  document.body.dataset.status = now.status;
  const section = $("state");
  section.hidden = false;
  section.className = `state ${now.status}`;
  const offline = navigator.onLine ? "连不上服务，正在重新连接…" : "网络断开了，连上以后会自动继续。";
  const text = { unreachable: offline, loading: `正在准备：${now.stage}` }[now.status] ?? now.message;
  if ($("state-text").textContent !== text) $("state-text").textContent = text;
  const progress = $("state-progress");
  progress.hidden = now.status !== "loading";
  if (now.fraction === null || now.fraction === undefined) progress.removeAttribute("value");
  else progress.value = now.fraction;
  for (const waiter of waiters) {
    if (now.status === "failed") waiter.reject(new api.RequestFailed(now.message, 503, "failed"));
    else waiter.say(now.status === "loading" ? `${text}。备好后自动回答…` : text);
  }
  showSend();
}

/** Resolves once questions can be asked; `say` is told what is waited for. Rejects when starting failed. */
function whenReady(signal, say) {
  if (ready()) return Promise.resolve();
  return new Promise((resolve, reject) => {
    waiters.clear(); // one question is asked at a time
    waiters.add({ resolve, reject, say });
    signal.addEventListener("abort", () => reject(signal.reason));
    if (state.status === "loading" || state.status === "unreachable") showState(state);
    watch();
    wake();
  });
}

// --- asking ---

function submit() {
  const text = field.value.trim();
  const length = characters(text);
  if (!text) return field.focus();
  if (asking) return refuse("上一个问题还在回答，请稍等。");
  if (length > limit) return refuse(`最多 ${limit} 字，现在 ${length} 字，请删去 ${length - limit} 字再发。`);
  draft = "";
  field.value = "";
  fit();
  askNew(text);
}

/** Says why nothing was sent; what was typed stays. */
function refuse(words) {
  $("remaining").textContent = words;
  $("remaining").classList.add("over");
  announce(words);
  field.focus();
}

function askOffered(question) {
  if (asking) return refuse("上一个问题还在回答，请稍等。");
  askNew(question);
  field.focus({ preventScroll: true });
}

/** Puts the clause's place into the field, for the person to go on. */
function askAbout(clause) {
  if (!document.body.classList.contains("reading")) reader.close();
  fill(`${clause.label}：`);
  field.focus();
}

function askNew(text) {
  forgetCleared();
  recalled = -1;
  const history = turns.filter((turn) => turn.kind === "question").map((turn) => turn.text);
  const card = cards.question(text);
  $("conversation").append(card);
  showWelcome();
  return answer(text, history.slice(-HISTORY), card);
}

/** Asks, and puts the answer, or what went wrong with a way to try again, behind the question's card. */
async function answer(text, history, questionCard) {
  const controller = new AbortController();
  asking = controller;
  showSend();
  const waiting = cards.waiting(() => controller.abort("stopped"));
  const slow = setTimeout(() => {
    if (ready()) waiting.say(navigator.onLine ? "还在等，服务回得慢…" : "还在等，网络好像断了…");
    announce("还在等回答，可以按“不等了”停下。");
    waiting.offerStop();
  }, SLOW);
  questionCard.after(waiting.card);
  questionCard.scrollIntoView({ block: "start", behavior: motion() });
  try {
    const given = await askWhenReady(text, history, controller.signal, waiting.say);
    if (!notices.documents.length) await notices.load().catch(() => {});
    const turn = { kind: "answer", id: store.newId(), answer: given, feedback: null };
    remember({ kind: "question", text }, turn);
    waiting.card.replaceWith(answerCard(turn, text));
    $("lexical").hidden = given.mode !== "lexical";
    announce(spoken(given));
    followInReader(given);
    questionCard.scrollIntoView({ block: "start", behavior: motion() });
  } catch (error) {
    if (controller.signal.reason === "cleared") return;
    const stopped = controller.signal.reason === "stopped";
    if (!stopped && !(error instanceof api.RequestFailed)) console.error(error);
    waiting.card.replaceWith(failureCard(stopped ? null : error, text, history, questionCard));
    if (stopped) field.focus({ preventScroll: true });
    if (error.code === "failed" || error.code === "unreachable") watch();
  } finally {
    clearTimeout(slow);
    if (asking === controller) asking = null;
    showSend();
  }
}

async function askWhenReady(text, history, signal, say) {
  for (;;) {
    await whenReady(signal, say);
    try {
      say("正在查找条款…");
      return await api.ask(text, history, signal);
    } catch (error) {
      if (error.code !== "loading") throw error;
      state = { status: "loading", stage: "重新载入" }; // the server was started anew; it says more at /readyz
      await new Promise((resolve) => setTimeout(resolve, PAUSES.loading));
    }
  }
}

/** What a screen reader is told of an answer: its outcome and its words, not the buttons below. */
function spoken(given) {
  const names = { answer: "回答：", clarify: "请选择：", decline: "通知没有写：", chat: "" };
  const all = [...`${names[given.outcome]}${given.answer}`];
  return all.length > ANNOUNCED ? `${all.slice(0, ANNOUNCED).join("")}……全文见对话。` : all.join("");
}

function announce(words) {
  const region = $("announce");
  region.textContent = "";
  setTimeout(() => (region.textContent = words), 50); // the same words again are only read after a change
}

/** `error` is null where the person ended the wait. */
function failureCard(error, text, history, questionCard) {
  const known = error === null || error instanceof api.RequestFailed;
  const message = error === null ? "已停止等待，问题还在。" : known ? error.message : "这个页面出了点问题，请再试一次。";
  const retry = () => {
    if (asking || card.querySelector('[aria-disabled="true"]')) return;
    card.remove();
    answer(text, history, questionCard);
    field.focus({ preventScroll: true });
  };
  const edit = () => {
    if (asking) return;
    card.remove();
    questionCard.remove();
    fill(text);
    showWelcome();
    field.focus();
  };
  const again = !known || error === null || error.worthRetrying;
  const card = cards.failure(message, ...(again ? [["重试", "retry", retry]] : []), ["修改问题", "edit", edit]);
  if (error?.status === 429 && error.retryAfter) holdRetry(card.querySelector("button"), error.retryAfter);
  return card;
}

/** Counts down on a retry button, which works when the time that the server asked for is over. */
function holdRetry(button, seconds) {
  const words = button.querySelector("span");
  const ends = Date.now() + seconds * 1000;
  button.setAttribute("aria-disabled", "true");
  const show = () => {
    const left = Math.ceil((ends - Date.now()) / 1000);
    if (left > 0) {
      words.textContent = `${left} 秒后可重试`;
      return;
    }
    clearInterval(timer);
    words.textContent = "重试";
    button.removeAttribute("aria-disabled");
  };
  const timer = setInterval(show, 1000);
  show();
}

/** Shows the clause that a person picked from a clarification; picking it again leads back to it. */
const shown = new WeakMap();
async function choose(reference, button) {
  const before = shown.get(button);
  if (before?.isConnected) {
    before.scrollIntoView({ block: "nearest", behavior: motion() });
    before.focus({ preventScroll: true });
    return;
  }
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const asked = button.closest(".card");
  asked.querySelector(".failure")?.remove();
  try {
    const clause = await api.clause(reference);
    const card = cards.choice(clause);
    shown.set(button, card);
    button.setAttribute("aria-pressed", "true");
    $("conversation").append(card);
    remember({ kind: "choice", clause });
    card.scrollIntoView({ block: "nearest", behavior: motion() });
    card.focus({ preventScroll: true });
  } catch (error) {
    if (!(error instanceof api.RequestFailed)) throw error;
    const card = cards.failure(error.message, ["重试", "retry", () => choose(reference, button)]);
    asked.append(card);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/** Opens the reader in place of following a link; where it cannot open, the link is followed after all. */
async function read(reference, event, found) {
  if (EMBEDDED || wantsNewTab(event)) return;
  const link = event.currentTarget;
  event.preventDefault();
  if (!(await reader.open(reference, found))) location.assign(link.href);
}

/** A reader that stands open beside the chat goes along with what is answered. */
function followInReader(given) {
  const [first] = given.citations;
  const reference = first && notices.cited(first)?.reference;
  if (reference) reader.follow(reference, cards.marksOf(first));
}

// --- clearing, and taking it back ---

function clear() {
  asking?.abort("cleared");
  asking = null;
  cleared = turns;
  turns = store.save([]);
  redraw();
  showSend();
  window.scrollTo(0, 0);
  $("undo").hidden = !cleared.length;
  if (cleared.length) announce("对话已清空，可以撤销。");
  clearTimeout(clear.timer);
  clear.timer = setTimeout(forgetCleared, UNDO);
  field.focus();
}

function forgetCleared() {
  cleared = null;
  $("undo").hidden = true;
}

function undo() {
  if (cleared) turns = store.save(cleared);
  forgetCleared();
  redraw();
  announce("对话已恢复。");
  field.focus();
}

// --- the page around it ---

function characters(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function showWelcome() {
  const empty = !$("conversation").hasChildNodes() && !turns.length;
  $("welcome").hidden = !empty;
  $("clear").hidden = empty;
}

function showSend() {
  const length = characters(field.value.trim());
  const left = limit - length;
  if (left < 0 && !$("remaining").classList.contains("over")) announce(`超过 ${limit} 字了。`);
  const over = `最多 ${limit} 字，多了 ${-left} 字`;
  $("remaining").textContent = left < 0 ? over : left <= REMAINING_SHOWN ? `还可输入 ${left} 字` : "";
  $("remaining").classList.toggle("over", left < 0);
  field.setAttribute("aria-invalid", String(left < 0));
  $("send").setAttribute("aria-disabled", String(asking !== null || length === 0 || left < 0));
}

/** Lets the field grow with its text. */
function fit() {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
  showSend();
}

function fill(text) {
  field.value = text;
  fit();
  field.setSelectionRange(text.length, text.length);
}

/** Up in an empty field brings back what was asked before, further up what was asked before that; down goes back. */
function recall(step) {
  const asked = turns.filter((turn) => turn.kind === "question").map((turn) => turn.text);
  const earlier = [...new Set([draft, ...asked.reverse()])].filter(Boolean);
  const next = recalled + step;
  if (next < -1 || next >= earlier.length) return false;
  recalled = next;
  fill(next < 0 ? "" : earlier[next]);
  return true;
}

function onEscape() {
  if (reader.isOpen) reader.close();
  else if (document.activeElement === field && field.value) {
    draft = field.value;
    recalled = -1;
    fill("");
  } else if (EMBEDDED) parent.postMessage({ type: "jianfu:close" }, "*"); // carries nothing that anyone may not know
}

// While a Chinese input method composes, keys belong to it (229 is what Safari reports just after).
const composing = (event) => event.isComposing || event.keyCode === 229;

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
field.addEventListener("input", () => {
  recalled = -1;
  fit();
});
field.addEventListener("keydown", (event) => {
  if (composing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    if (!event.repeat) submit();
  }
  const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
  if (step && (!field.value || recalled >= 0) && recall(step)) event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (composing(event) || event.defaultPrevented) return;
  if (event.key === "Escape") onEscape();
  // Arrows go through a list of buttons: examples, choices, next questions, reasons.
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const list = step && event.target.closest?.(".examples, .options, .chips");
  if (!list) return;
  const buttons = [...list.querySelectorAll("button")];
  const next = buttons[buttons.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
});
$("examples").addEventListener("click", (event) => {
  const example = event.target.closest("button");
  if (example) askOffered(example.textContent);
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // a #fragment in the address would draw the focus back at each step in history
  field.focus();
});
$("clear").addEventListener("click", clear);
$("undo-button").addEventListener("click", undo);
$("open-notice").addEventListener("click", (event) => {
  if (wantsNewTab(event)) return;
  event.preventDefault();
  const { href } = event.currentTarget;
  if (reader.isOpen) reader.close();
  else reader.open().then((opened) => opened || location.assign(href));
});
window.addEventListener("online", () => wake());
window.addEventListener("offline", () => announce("网络断开了。"));
store.onChangedElsewhere(() => {
  if (asking) return;
  forgetCleared();
  turns = store.load();
  redraw();
});
if (EMBEDDED) {
  // The frame shows the chat and nothing else; whatever is a page of its own gets its own tab.
  document.addEventListener("click", (event) => event.target.closest?.("a[href]:not(.skip)")?.setAttribute("target", "_blank"), true);
  window.addEventListener("message", (event) => event.data?.type === "jianfu:focus" && field.focus());
  document.querySelector(".below").append($("clear"));
}

/** A question in the address is put into the field, not sent: a link must not speak for a person. */
function prefill() {
  const address = new URL(location.href);
  const question = address.searchParams.get("q");
  if (!question) return;
  address.searchParams.delete("q");
  history.replaceState(history.state, "", address);
  fill(question.trim());
  field.focus();
}

redraw();
[...document.querySelectorAll(".question")].at(-1)?.scrollIntoView({ block: "start" });
fit();
prefill();
watch();
