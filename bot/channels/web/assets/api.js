// Talks to the HTTP API. Every failure becomes a RequestFailed whose message can be shown to a person.

const ROOT = document.body.dataset.root;
const SECONDS = 30;

export class RequestFailed extends Error {
  /** `status` is 0 when no answer came at all. */
  constructor(message, status, code) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** Whether the same request may succeed later. */
  get worthRetrying() {
    return this.status === 0 || this.status >= 500 || this.status === 408;
  }
}

async function request(path, options = {}, signal = undefined) {
  const controller = new AbortController();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    controller.abort();
  }, SECONDS * 1000);
  signal?.addEventListener("abort", () => controller.abort());
  try {
    const response = await fetch(ROOT + path, { ...options, signal: controller.signal });
    return { status: response.status, content: await response.json() };
  } catch (error) {
    if (signal?.aborted) throw error; // the person cleared the conversation: nobody waits for this any more
    const message = timedOut ? `等了 ${SECONDS} 秒没有回音，请再试一次。` : "连不上服务，请检查网络后再试。";
    throw new RequestFailed(message, 0, timedOut ? "timeout" : "unreachable");
  } finally {
    clearTimeout(timer);
  }
}

async function requestOk(path, options, signal) {
  const { status, content } = await request(path, options, signal);
  if (status === 200) return content;
  throw new RequestFailed(content.error?.message ?? "出了点问题，请稍后再试。", status, content.error?.code ?? "");
}

/** The answer to a question; `history` holds earlier questions, oldest first. */
export function ask(question, history, signal) {
  const body = JSON.stringify({ question, history });
  return requestOk("api/v1/ask", { method: "POST", headers: { "Content-Type": "application/json" }, body }, signal);
}

/** Whether questions can be asked: the object of /readyz, or {status: "unreachable"}. */
export async function readiness() {
  try {
    return (await request("readyz", { cache: "no-store" })).content;
  } catch {
    return { status: "unreachable" };
  }
}

export const documents = () => requestOk("api/v1/documents");
export const clause = (reference) => requestOk(`api/v1/clauses/${encodeURIComponent(reference)}`);

/** The address of a clause's own page. */
export const clauseAddress = (reference) => `${ROOT}c/${encodeURIComponent(reference)}`;
