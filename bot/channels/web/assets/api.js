// Talks to the HTTP API. Every failure becomes a RequestFailed whose message can be shown to a person.

const ROOT = document.body.dataset.root;
const SECONDS = 30;

export class RequestFailed extends Error {
  /** `status` is 0 when no answer came at all; `retryAfter` is the wait in seconds that the server asked for, or 0. */
  constructor(message, status, code, retryAfter = 0) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed later. */
  get worthRetrying() {
    return this.status === 0 || this.status >= 500 || this.status === 408 || this.status === 429;
  }
}

async function request(path, options = {}, signal = undefined) {
  const controller = new AbortController();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    controller.abort();
  }, SECONDS * 1000);
  const stop = () => controller.abort();
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  try {
    const headers = { "X-Jianfu-Page": "1", ...options.headers }; // the page needs no key; see border/gate.py
    const response = await fetch(ROOT + path, { ...options, headers, signal: controller.signal });
    const text = await response.text();
    return { status: response.status, content: parsed(text), retryAfter: Number(response.headers.get("Retry-After")) || 0 };
  } catch (error) {
    if (signal?.aborted) throw error; // the person stopped it or cleared the conversation: nobody waits any more
    if (timedOut) throw new RequestFailed(`等了 ${SECONDS} 秒没有回音，请再试一次。`, 0, "timeout");
    throw new RequestFailed(navigator.onLine ? "连不上服务，请检查网络后再试。" : "网络断开了，连上以后再试。", 0, "unreachable");
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

/** JSON, or null for what a proxy may send in its place. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The content of a 200 response to any request; throws RequestFailed. */
export async function requestOk(path, options, signal) {
  const { status, content, retryAfter } = await request(path, options, signal);
  if (status === 200 && content !== null) return content;
  const { code, message } = content?.error ?? {};
  throw new RequestFailed(message ?? `服务没有正常回应（${status}），请稍后再试。`, status, code ?? "", retryAfter);
}

/** The content of the response to a JSON object; throws RequestFailed. */
export function post(path, content, signal) {
  const body = JSON.stringify(content);
  return requestOk(path, { method: "POST", headers: { "Content-Type": "application/json" }, body }, signal);
}

/** The answer to a question; `history` holds earlier questions, oldest first. */
export const ask = (question, history, signal) => post("api/v1/ask", { question, history }, signal);

/** Keeps what a person thinks of an answer; the same id again replaces it. */
export const feedback = (content) => post("api/v1/feedback", content);

/** Learning alone: each resolves to what /docs says of its route. */
export const study = {
  today: () => requestOk("api/v1/study"),
  start: () => post("api/v1/study/start", {}),
  answer: (item, showing, choice) => post("api/v1/study/answers", { item, showing, choice }),
  forget: () => post("api/v1/study/forget", {}),
};

/** Whether questions can be asked: the object of /readyz, or {status: "unreachable"}. */
export async function readiness() {
  try {
    const { content } = await request("readyz", { cache: "no-store" });
    return content?.status ? content : { status: "unreachable" };
  } catch {
    return { status: "unreachable" };
  }
}

export const documents = () => requestOk("api/v1/documents");
export const clause = (reference) => requestOk(`api/v1/clauses/${encodeURIComponent(reference)}`);

/** The address of a clause's own page; `spans` are [start, end) characters of the source to mark there. */
export function clauseAddress(reference, spans = []) {
  const mark = spans.length ? `?mark=${spans.map(([start, end]) => `${start}-${end}`).join(",")}` : "";
  return `${ROOT}c/${encodeURIComponent(reference)}${mark}`;
}

/** The chat with these words in its field. */
export const askAddress = (words) => `${ROOT}?q=${encodeURIComponent(words)}`;

/** The address where a receipt is looked up. */
export const receiptAddress = (code) => `${ROOT}verify/${encodeURIComponent(code)}`;
