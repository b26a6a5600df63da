// The reader: whole notices beside the chat, or over it on a narrow screen, opened at a clause that is marked in its place.

import * as api from "./api.js";
import { copyButton, element, icon, marked, motion, wantsNewTab } from "./dom.js";
import { lines, place } from "./notices.js";

const WIDE = matchMedia("(min-width: 1100px)");

export class Reader {
  /** `onAsk(clause)` is called to ask about a clause. */
  constructor(dialog, notices, { onAsk }) {
    this.dialog = dialog;
    this.notices = notices;
    this.onAsk = onAsk;
    this.body = dialog.querySelector("#reader-body");
    this.foot = dialog.querySelector("#reader-foot");
    this.rows = new Map();
    this.current = null; // {clause, marks, spans} of the clause that is marked
    this.opener = null;
    dialog.querySelector("#reader-close").addEventListener("click", () => this.close());
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
    dialog.addEventListener("keydown", (event) => this.#onKey(event));
    // On a phone, "back" closes the reader instead of leaving the page.
    window.addEventListener("popstate", () => this.dialog.open && this.close());
    WIDE.addEventListener("change", () => this.dialog.open && this.#place());
  }

  get isOpen() {
    return this.dialog.open;
  }

  /** Shows the notice with this clause marked, or from its beginning. False where it cannot be shown here. */
  async open(reference = null, found = {}) {
    if (typeof this.dialog.showModal !== "function") return false;
    try {
      await this.notices.load();
    } catch {
      return false;
    }
    if (!this.rows.size) this.#render();
    if (reference !== null && !this.rows.has(reference)) return false;
    if (!this.dialog.open || !this.dialog.contains(document.activeElement)) this.opener = document.activeElement;
    if (!this.dialog.open) this.#place();
    this.#mark(reference, found);
    const target = this.rows.get(reference) ?? this.body;
    if (reference === null) this.body.scrollTop = 0;
    target.focus({ preventScroll: true });
    return true;
  }

  /** Marks another clause in a reader that is open beside the chat; focus stays where it is. */
  follow(reference, found) {
    if (this.dialog.open && this.rows.has(reference)) this.#mark(reference, found);
  }

  close() {
    if (!this.dialog.open) return;
    const inside = this.dialog.contains(document.activeElement) || document.activeElement === document.body;
    this.dialog.close();
    document.body.classList.remove("reading");
    if (history.state?.reader) history.back();
    if (inside && this.opener?.isConnected) this.opener.focus({ preventScroll: true });
  }

  /** A pane on a wide screen, a sheet over everything on a narrow one. */
  #place() {
    if (this.dialog.open) this.dialog.close();
    document.body.classList.toggle("reading", WIDE.matches);
    if (WIDE.matches) this.dialog.show();
    else this.dialog.showModal();
    if (!WIDE.matches && !history.state?.reader) history.pushState({ reader: true }, "");
  }

  #onKey(event) {
    const step = { ArrowLeft: 0, ArrowRight: 1 }[event.key];
    if (step === undefined || !this.current || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = this.notices.neighbours(this.current.clause)[step];
    if (next) this.#go(next.reference);
  }

  #go(reference) {
    this.#mark(reference, {});
    this.rows.get(reference).focus({ preventScroll: true });
  }

  #mark(reference, { marks = [], spans = [] }) {
    if (this.current) {
      const row = this.rows.get(this.current.clause.reference);
      row.classList.remove("marked");
      row.removeAttribute("aria-current");
      if (this.current.marks.length) row.querySelector(".text").replaceChildren(this.current.clause.text);
    }
    const clause = this.notices.find(reference);
    this.current = clause ? { clause, marks, spans } : null;
    this.foot.hidden = !clause;
    if (!clause) return;
    const row = this.rows.get(reference);
    row.classList.add("marked");
    row.setAttribute("aria-current", "true");
    if (marks.length) row.querySelector(".text").replaceChildren(...marked(clause.text, marks));
    this.#showFoot(clause, spans);
    this.#scrollTo(row);
  }

  /** Scrolls the reader only; scrollIntoView would move the chat beside it as well. */
  #scrollTo(row) {
    const [outer, inner] = [this.body.getBoundingClientRect(), row.getBoundingClientRect()];
    const above = Math.max(24, (outer.height - inner.height) / 3);
    this.body.scrollBy({ top: inner.top - outer.top - above, behavior: this.body.scrollTop ? motion() : "auto" });
  }

  // --- what can be done with the marked clause ---

  #showFoot(clause, spans) {
    const [before, after] = this.notices.neighbours(clause);
    const related = element("p", { class: "reader-related" });
    related.hidden = true;
    this.foot.replaceChildren(
      element(
        "div",
        { class: "reader-steps" },
        this.#step(before, "before", "上一条"),
        element("strong", { text: shortPlace(clause.label) }),
        this.#step(after, "after", "下一条"),
      ),
      element(
        "div",
        { class: "actions" },
        copyButton("复制引文", () => this.notices.quotation(clause.text, clause.label, clause.document)),
        element("button", { class: "action", type: "button", onclick: () => this.onAsk(clause) }, icon("ask"), "就这一条提问"),
        element("a", { class: "action", href: api.clauseAddress(clause.reference, spans), target: "_blank", rel: "noopener" }, icon("link"), "条款网页"),
      ),
      related,
    );
    this.#showRelated(clause, related);
  }

  #step(clause, symbol, words) {
    const label = clause ? `${words}：${shortPlace(clause.label)}` : words;
    const made = element(
      "button",
      { class: "tool", type: "button", "aria-label": label, title: label, onclick: () => clause && this.#go(clause.reference) },
      icon(symbol),
    );
    made.disabled = !clause;
    return made;
  }

  /** Related clauses, where the API gives them. */
  async #showRelated(clause, line) {
    const references = clause.related ?? (await api.clause(clause.reference).catch(() => ({}))).related ?? [];
    const clauses = references.map((reference) => this.notices.find(reference)).filter(Boolean);
    if (!clauses.length || this.current?.clause !== clause) return;
    const links = clauses.map((other) =>
      element("a", {
        href: api.clauseAddress(other.reference),
        text: shortPlace(other.label),
        onclick: (event) => {
          if (wantsNewTab(event)) return;
          event.preventDefault();
          this.#go(other.reference);
        },
      }),
    );
    line.replaceChildren(element("span", { text: "相关" }), ...links);
    line.hidden = false;
  }

  // --- the notice itself ---

  #render() {
    for (const notice of this.notices.documents) {
      const article = element("article", { class: "notice" });
      article.append(
        element(
          "header",
          {},
          element("h3", { text: notice.title }),
          element("p", { text: `${notice.issuer} · ${notice.year}年` }),
        ),
      );
      for (const clause of notice.clauses) {
        const row = this.#row(clause);
        this.rows.set(clause.reference, row);
        article.append(row);
      }
      this.body.append(article);
    }
  }

  #row(clause) {
    const heading = clause.kind === "problem" || clause.kind === "section";
    const [first, ...rest] = heading ? lines(clause.text) : [clause.text];
    const pick = (event) => {
      if (wantsNewTab(event) || !getSelection().isCollapsed) return; // a person selects words
      event.preventDefault();
      if (this.current?.clause !== clause) this.#go(clause.reference);
    };
    const marker = clause.parent === null ? null : element("a", { class: "marker", href: api.clauseAddress(clause.reference), text: place(clause.label) });
    return element(
      heading ? "h4" : "p",
      { class: `notice-clause ${clause.kind}`, tabindex: "-1", "data-reference": clause.reference, onclick: pick },
      marker,
      element("span", { class: "text", text: first }),
      ...rest.map((line) => element("span", { class: "method", text: line })),
    );
  }
}

/** A clause's place without the notice's name: 《通知》问题二·措施2 -> 问题二·措施2. */
const shortPlace = (label) => label.slice(label.indexOf("》") + 1) || label;
