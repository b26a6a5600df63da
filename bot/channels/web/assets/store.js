// Keeps the conversation in this browser and nowhere else: bounded, versioned, and tolerant of what it finds there.

const KEY = "jianfu.conversation";
const VERSION = 1;
const KEPT_TURNS = 100;
const OUTCOMES = ["answer", "clarify", "decline", "chat"];

/** The turns that were kept: {kind: "question", text} | {kind: "answer", id, answer, feedback} | {kind: "choice", clause}. */
export function load() {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY));
    return stored?.version === VERSION && Array.isArray(stored.turns) ? stored.turns.filter(sound) : [];
  } catch {
    return []; // storage is off, or holds something else
  }
}

/** Keeps the last turns; where there is no room for all, the newer half. Returns the turns that are kept in memory. */
export function save(turns) {
  const kept = turns.slice(-KEPT_TURNS);
  for (let some = kept; ; some = some.slice(Math.ceil(some.length / 2))) {
    try {
      if (some.length) localStorage.setItem(KEY, JSON.stringify({ version: VERSION, turns: some }));
      else localStorage.removeItem(KEY);
      return kept;
    } catch {
      if (!some.length) return kept; // storage is off: the conversation lasts as long as the page
    }
  }
}

/** Calls back when another tab changed or cleared the conversation. */
export function onChangedElsewhere(callback) {
  window.addEventListener("storage", (event) => {
    if (event.key === KEY || event.key === null) callback();
  });
}

/** An id for one shown answer. randomUUID would do, but plain http on an office network has none. */
export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const text = (value) => typeof value === "string";
const texts = (value) => Array.isArray(value) && value.every(text);

function sound(turn) {
  if (turn?.kind === "question") return text(turn.text);
  if (turn?.kind === "choice") return text(turn.clause?.reference) && text(turn.clause.label) && text(turn.clause.text);
  if (turn?.kind !== "answer" || !text(turn.id)) return false;
  const { outcome, answer, lead, citations, options, related } = turn.answer ?? {};
  if (!OUTCOMES.includes(outcome) || !text(answer) || !text(lead) || !texts(options) || !texts(related)) return false;
  return Array.isArray(citations) && citations.every((one) => text(one?.quote) && text(one.label) && text(one.clause));
}
