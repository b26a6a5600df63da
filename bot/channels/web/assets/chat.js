// The conversation: keeps its state, sends questions, and puts cards on the page. Drawing is cards.js's business.

import * as api from "./api.js";
import { Cards } from "./cards.js";
import { Notices } from "./notices.js";
import { Reader } from "./reader.js";

const HISTORY = 6; // earlier questions sent along
const KEPT_TURNS = 100;
const REMAINING_SHOWN = 50; // characters left when the counter appears
const STORE = "jianfu.conversation";
const PAUSES = { loading: 800, failed: 10000, unreachable: 3000 }; // milliseconds between looks at /readyz

const $ = (id) => document.getElementById(id);
const field = $("question");
const limit = Number(document.body.dataset.maxQuestionCharacters);

const notices = new Notices();
const reader = new Reader($("reader"), notices);
const cards = new Cards(notices, { onChoose: choose, onRead: read });

let turns = restore(); // {kind: "question", text} | {kind: "answer", answer} | {kind: "choice", clause}
let ready = false;
let asking = null; // the AbortController of the question being answered
let watching = false;

// --- what the browser keeps, for this tab only ---

function restore() {
  try {
    const stored = JSON.parse(sessionStorage.getItem(STORE) ?? "[]");
    return Array.isArray(stored) ? stored : [];
  } catch {
    return [];
  }
}

function remember(turn) {
  turns = [...turns, turn].slice(-KEPT_TURNS);
  try {
    sessionStorage.setItem(STORE, JSON.stringify(turns));
  } catch {
    // storage is off or full: the conversation then lasts as long as the page
  }
}

function cardOf(turn) {
  if (turn.kind === "question") return cards.question(turn.text);
  return turn.kind === "answer" ? cards.answer(turn.answer) : cards.choice(turn.clause);
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
    const state = await api.readiness();
    if (state.status === "ready") {
      await becomeReady(state);
      break;
    }
    ready = false;
    showState(state);
    await new Promise((resolve) => setTimeout(resolve, PAUSES[state.status] ?? PAUSES.failed));
  }
  watching = false;
}

async function becomeReady(state) {
  try {
    await notices.load();
    $("titles").textContent = notices.titles;
  } catch {
    // answers come without it; the reader's links lead to the clauses' own pages
  }
  const waitedFor = !$("state").hidden;
  ready = true;
  document.body.dataset.status = "ready";
  $("state").hidden = true;
  $("lexical").hidden = state.mode !== "lexical";
  if (turns.length && !$("conversation").hasChildNodes()) redraw();
  showSend();
  if (waitedFor && field.value.trim()) field.focus();
}

function showState(state) {
  document.body.dataset.status = state.status;
  const section = $("state");
  section.hidden = false;
  section.className = `state ${state.status}`;
  const words = { unreachable: "连不上服务，正在重新连接…", loading: `正在准备：${state.stage}` };
  const text = words[state.status] ?? state.message;
  if ($("state-text").textContent !== text) $("state-text").textContent = text;
  const progress = $("state-progress");
  progress.hidden = state.status !== "loading";
  if (state.fraction === null || state.fraction === undefined) progress.removeAttribute("value");
  else progress.value = state.fraction;
  showSend();
}

// --- asking ---

async function submit() {
  const text = field.value.trim();
  if (!text || !ready || asking || characters(text) > limit) {
    field.focus();
    return;
  }
  field.value = "";
  fit();
  await askNew(text);
}

function askNew(text) {
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
  const waiting = cards.waiting();
  questionCard.after(waiting);
  questionCard.scrollIntoView({ block: "start", behavior: motion() });
  try {
    const given = await api.ask(text, history, controller.signal);
    if (!notices.documents.length) await notices.load().catch(() => {});
    remember({ kind: "question", text });
    remember({ kind: "answer", answer: given });
    waiting.replaceWith(cards.answer(given));
    $("lexical").hidden = given.mode !== "lexical";
    questionCard.scrollIntoView({ block: "start", behavior: motion() });
  } catch (error) {
    if (controller.signal.aborted) return;
    if (!(error instanceof api.RequestFailed)) console.error(error);
    waiting.replaceWith(failureCard(error, text, history, questionCard));
    if (error.code === "loading" || error.code === "failed") watch();
  } finally {
    if (asking === controller) asking = null;
    showSend();
  }
}

function failureCard(error, text, history, questionCard) {
  const known = error instanceof api.RequestFailed;
  const message = known ? error.message : "这个页面出了点问题，请再试一次。";
  if (!known || error.worthRetrying) {
    const card = cards.failure(message, "重试", () => {
      if (asking) return;
      card.remove();
      answer(text, history, questionCard);
      field.focus({ preventScroll: true });
    });
    return card;
  }
  const card = cards.failure(message, "修改问题", () => {
    card.remove();
    questionCard.remove();
    field.value = text;
    fit();
    showWelcome();
    field.focus();
  });
  return card;
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
    const card = cards.failure(error.message, "重试", () => choose(reference, button));
    asked.append(card);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/** Opens the reader in place of following a link; where it cannot open, the link is followed after all. */
async function read(reference, event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  const link = event.currentTarget;
  event.preventDefault();
  if (!(await reader.open(reference))) location.assign(link.href);
}

function clear() {
  asking?.abort();
  asking = null;
  turns = [];
  try {
    sessionStorage.removeItem(STORE);
  } catch {
    // see remember()
  }
  redraw();
  showSend();
  field.focus();
}

// --- the page around it ---

const characters = (text) => [...text].length;
const motion = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");

function showWelcome() {
  const empty = !$("conversation").hasChildNodes() && !turns.length;
  $("welcome").hidden = !empty;
  $("clear").hidden = empty;
}

function showSend() {
  const length = characters(field.value.trim());
  const left = limit - length;
  $("remaining").textContent = left < 0 ? `多了 ${-left} 字，请压缩` : left <= REMAINING_SHOWN ? `还可输入 ${left} 字` : "";
  $("remaining").classList.toggle("over", left < 0);
  $("send").setAttribute("aria-disabled", String(!ready || asking !== null || length === 0 || left < 0));
}

/** Lets the field grow with its text. */
function fit() {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
  showSend();
}

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
field.addEventListener("input", fit);
field.addEventListener("keydown", (event) => {
  // While a Chinese input method composes, Enter belongs to it (229 is what Safari reports just after).
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  submit();
});
$("examples").addEventListener("click", (event) => {
  const example = event.target.closest("button");
  if (!example) return;
  field.value = example.textContent;
  fit();
  submit();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // a #fragment in the address would draw the focus back at each step in history
  field.focus();
});
$("clear").addEventListener("click", clear);
$("open-notice").addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { href } = event.currentTarget;
  reader.open().then((opened) => opened || location.assign(href));
});

fit();
watch();
