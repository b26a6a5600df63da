// The reader: whole notices in a dialog, opened at a clause that is then marked in its place.

import { element } from "./dom.js";
import { lines, place } from "./notices.js";

export class Reader {
  constructor(dialog, notices) {
    this.dialog = dialog;
    this.notices = notices;
    this.body = dialog.querySelector("#reader-body");
    this.rows = new Map();
    dialog.querySelector("#reader-close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close(); // a click beside the panel
    });
    // On a phone, "back" closes the reader instead of leaving the page.
    dialog.addEventListener("close", () => {
      if (history.state?.reader) history.back();
    });
    window.addEventListener("popstate", () => dialog.open && dialog.close());
  }

  /** Shows the notice with this clause marked, or from its beginning. False where it cannot be shown here. */
  async open(reference = null) {
    if (typeof this.dialog.showModal !== "function") return false;
    try {
      await this.notices.load();
    } catch {
      return false;
    }
    if (!this.rows.size) this.#render();
    const marked = this.rows.get(reference);
    if (reference !== null && !marked) return false;
    for (const row of this.rows.values()) {
      row.classList.remove("marked");
      row.removeAttribute("aria-current");
    }
    if (!this.dialog.open) {
      this.dialog.showModal();
      if (!history.state?.reader) history.pushState({ reader: true }, "");
    }
    if (marked) {
      marked.classList.add("marked");
      marked.setAttribute("aria-current", "true");
      marked.scrollIntoView({ block: "center" });
      marked.focus({ preventScroll: true });
    } else {
      this.body.scrollTop = 0;
      this.body.focus({ preventScroll: true });
    }
    return true;
  }

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
    return element(
      heading ? "h4" : "p",
      { class: `notice-clause ${clause.kind}`, tabindex: "-1", "data-reference": clause.reference },
      clause.parent === null ? null : element("span", { class: "marker", text: place(clause.label) }),
      element("span", { class: "text", text: first }),
      ...rest.map((line) => element("span", { class: "method", text: line })),
    );
  }
}
