// Draws what is said in the conversation. Decides nothing: outcomes, clauses and words come from the answer.

import { clauseAddress, receiptAddress } from "./api.js";
import { copyButton, element, icon, marked } from "./dom.js";
import { displayed, lines, place } from "./notices.js";

const BEGINNING = 42; // characters of a clause that a button or a link shows
const TAGS = { answer: "回答", clarify: "请选择", decline: "通知没有写", chat: "寒暄" };
const SURE = 0.9;
const FAIRLY_SURE = 0.6;

export class Cards {
  /**
   * `onChoose(reference, button)` is called when a person picks a clause, `onRead(reference, event, found)` to open the
   * reader (`found` holds the marks of a citation), `onAsk(question)` for a question that was offered.
   */
  constructor(notices, { onChoose, onRead, onAsk }) {
    this.notices = notices;
    this.onChoose = onChoose;
    this.onRead = onRead;
    this.onAsk = onAsk;
  }

  question(text) {
    return element(
      "div",
      { class: "question" },
      element("span", { class: "visually-hidden", text: "您问：" }),
      element("p", { text }),
    );
  }

  /** Shown until an answer comes; `say` puts other words there, `offerStop` a button that ends the wait. */
  waiting(onStop) {
    const words = element("p", { text: "正在查找条款…" });
    const stop = element("button", { class: "action", type: "button", onclick: onStop }, icon("stop"), "不等了");
    stop.hidden = true;
    const card = element("div", { class: "waiting" }, element("span", { class: "pulse" }), words, stop);
    return { card, say: (text) => (words.textContent = text), offerStop: () => (stop.hidden = false) };
  }

  /** A failure, with buttons: [label, icon, press] each. Only its words are an alert. */
  failure(message, ...buttons) {
    return element(
      "div",
      { class: "card failure" },
      element("p", { role: "alert", text: message }),
      element(
        "div",
        { class: "actions" },
        ...buttons.map(([label, symbol, press]) =>
          element("button", { class: "action", type: "button", onclick: press }, icon(symbol), element("span", { text: label })),
        ),
      ),
    );
  }

  /** An answer; `foot` holds what belongs below it. */
  answer(answer, foot = null) {
    const card = this.#card(answer.outcome, TAGS[answer.outcome], answer.outcome, sureness(answer));
    if (answer.interpreted_as) {
      card.append(element("p", { class: "interpreted", text: `按「${answer.interpreted_as}」理解` }));
    }
    if (answer.outcome === "chat") {
      for (const line of answer.answer.split("\n")) card.append(element("p", { class: "plain", text: line }));
    } else {
      if (answer.mode === "lexical") {
        card.append(element("p", { class: "note lexical", text: "语义模型暂不可用，这次只按字面查找，请核对原文。" }));
      }
      if (answer.remark) card.append(element("p", { class: "remark", text: answer.remark }));
      card.append(element("p", { class: "lead", text: answer.lead }));
    }
    if (answer.outcome === "answer") this.#quotes(card, answer.citations.map((one) => this.#quoted(one)));
    if (answer.outcome === "clarify") card.append(this.#choices(answer.options));
    if (answer.outcome === "decline") this.#reading(card, answer);
    card.append(element("footer", { class: "card-foot" }, foot, answer.receipt ? receipt(answer.receipt) : null));
    const next = answer.next_questions ?? [];
    if (next.length) card.append(this.#next(next));
    return card;
  }

  /** The clause that a person chose; a heading comes with what stands below it. */
  choice(clause) {
    const card = this.#card("answer chosen", "您选择的条款", "answer");
    card.tabIndex = -1;
    this.#quotes(card, [clause, ...this.notices.children(clause)].map((one) => ({ ...one })));
    return card;
  }

  #card(kind, words, symbol, sure = null) {
    const tag = element("p", { class: "tag" }, icon(symbol), element("span", { text: words }));
    return element("article", { class: `card ${kind}`, "aria-label": words }, element("div", { class: "card-head" }, tag, sure));
  }

  #next(questions) {
    const buttons = questions.map((question) =>
      element("li", {}, element("button", { class: "chip next", type: "button", text: question, onclick: () => this.onAsk(question) })),
    );
    return element(
      "section",
      { class: "next-questions", "aria-label": "接着可以问" },
      element("p", { class: "next-heading", text: "接着可以问" }),
      element("ul", { class: "chips" }, ...buttons),
    );
  }

  /** What the reader marks for a citation. */
  marksOf(citation) {
    const { marks, spans } = this.#quoted(citation);
    return { marks, spans };
  }

  /** What is drawn of a citation: the clause's place with the quote's own words. */
  #quoted(citation) {
    const clause = this.notices.cited(citation);
    return {
      reference: clause?.reference ?? citation.clause,
      document: citation.document,
      kind: clause?.kind ?? "",
      parent: clause?.parent ?? null,
      label: citation.label,
      text: displayed(citation.quote),
      spans: citation.spans ?? [],
      // A quote that is shown with other line breaks than it has is shown without marks.
      marks: displayed(citation.quote) === citation.quote ? (citation.spans ?? []).map(([a, b]) => [a - citation.start, b - citation.start]) : [],
    };
  }

  #quotes(card, quotes) {
    const [first, ...rest] = quotes;
    const overview = rest.length > 0 && rest.every((quote) => quote.parent === first.reference);
    if (overview) card.append(this.#overview(first, rest));
    else for (const quote of quotes) card.append(this.#citation(quote, quotes.length > 1));
  }

  #citation(quote, several) {
    const source = several ? quote.label : this.notices.source(quote.label, quote.document);
    return element(
      "figure",
      { class: "citation" },
      element("blockquote", {}, ...this.#words(quote)),
      element(
        "figcaption",
        {},
        sourceLine(source),
        this.#actions(quote, [quote]),
      ),
    );
  }

  /** The quote's paragraphs; with marks it is one, since only such a quote is marked. */
  #words(quote) {
    if (!quote.marks?.length) return lines(quote.text).map((line) => element("p", { text: line }));
    return [element("p", {}, ...marked(quote.text, quote.marks))];
  }

  #overview(heading, items) {
    const [title, ...methods] = lines(heading.text);
    const list = items.map((item) =>
      element(
        "li",
        {},
        element("span", { class: "marker", text: place(item.label) }),
        element("span", { class: "text", text: item.text }),
        this.#readLink(item, "原文", "item-link"),
      ),
    );
    return element(
      "figure",
      { class: "overview" },
      element("p", { class: "overview-title", text: title }),
      ...methods.map((line) => element("p", { class: "overview-method", text: line })),
      element("ol", {}, ...list),
      element(
        "figcaption",
        {},
        sourceLine(this.notices.source(heading.label, heading.document)),
        this.#actions(heading, [heading, ...items]),
      ),
    );
  }

  #actions(quote, copied) {
    return element("span", { class: "actions" }, this.#readLink(quote, "在原文中查看"), this.#copyButton(copied));
  }

  /** A real link to the clause's page; a plain click opens the reader instead. */
  #readLink(clause, words, kind = "action") {
    return element(
      "a",
      {
        class: kind,
        href: clauseAddress(clause.reference, clause.spans),
        "aria-label": words === "原文" ? `在原文中查看${place(clause.label)}` : null,
        onclick: (event) => this.onRead(clause.reference, event, clause),
      },
      kind === "action" ? icon("notice") : null,
      words,
    );
  }

  #copyButton(quotes) {
    return copyButton(quotes.length > 1 ? "复制全部" : "复制", () => this.#copied(quotes));
  }

  #copied(quotes) {
    const [first, ...rest] = quotes;
    if (!rest.length) return this.notices.quotation(first.text, first.label, first.document);
    const source = `——${this.notices.source(first.label, first.document)}`;
    const items = rest.map((quote) => `${place(quote.label)}：${quote.text}`);
    return [lines(first.text).join("\n"), ...items, source].join("\n");
  }

  #choices(references) {
    const buttons = references.map((reference) => {
      const clause = this.notices.find(reference);
      const button = element(
        "button",
        { class: "option", type: "button", "aria-pressed": "false" },
        element("strong", { text: clause?.label ?? reference }),
        clause ? element("span", { text: beginning(clause.text) }) : null,
      );
      button.addEventListener("click", () => this.onChoose(reference, button));
      return element("li", {}, button);
    });
    return element("ul", { class: "options" }, ...buttons);
  }

  #reading(card, answer) {
    if (answer.related.length) {
      const links = answer.related.map((reference) => {
        const clause = this.notices.find(reference);
        return element(
          "li",
          {},
          element(
            "a",
            { href: clauseAddress(reference), onclick: (event) => this.onRead(reference, event, {}) },
            element("strong", { text: clause?.label ?? reference }),
            clause ? element("span", { text: beginning(clause.text) }) : null,
          ),
        );
      });
      card.append(
        element("p", { class: "related-heading", text: "相关条文，供阅读，不是答案：" }),
        element("ul", { class: "related" }, ...links),
      );
    }
    const suggestion = document.getElementById("what-can-be-asked").textContent;
    if (answer.answer.includes(suggestion)) card.append(element("p", { class: "suggestion", text: suggestion }));
  }
}

/** A source in two pieces, so that a narrow line breaks after the title. */
function sourceLine(source) {
  const end = source.indexOf("》") + 1;
  const pieces = [source.slice(0, end), source.slice(end)].map((text) => element("span", { text }));
  return element("span", { class: "source" }, ...pieces);
}

/** How sure the answer is, in words; null where there is nothing to be sure of. */
function sureness({ outcome, confidence }) {
  if ((outcome !== "answer" && outcome !== "decline") || typeof confidence !== "number") return null;
  if (confidence >= SURE) return element("p", { class: "sureness", text: "很有把握" });
  if (confidence >= FAIRLY_SURE) return element("p", { class: "sureness", text: "较有把握" });
  return element("p", { class: "sureness unsure" }, icon("caution"), element("span", { text: "把握不大，请核对原文" }));
}

/** The code under which the answer can be looked up. */
function receipt(code) {
  return element(
    "p",
    { class: "receipt" },
    element("span", { text: "凭据" }),
    element("a", { href: receiptAddress(code), "aria-label": `核验凭据 ${code}` }, element("code", { text: code })),
    copyButton("复制", () => code, { class: "action copy small", "aria-label": "复制凭据号" }),
  );
}

function beginning(text) {
  const characters = [...text];
  return characters.length > BEGINNING ? `${characters.slice(0, BEGINNING).join("")}…` : text;
}
