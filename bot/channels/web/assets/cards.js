// Draws what is said in the conversation. Decides nothing: outcomes, clauses and words come from the answer.

import { clauseAddress } from "./api.js";
import { copyText, element, icon, marked } from "./dom.js";
import { displayed, lines, place } from "./notices.js";

const BEGINNING = 42; // characters of a clause that a button or a link shows
const TAGS = { answer: "原文", clarify: "请选一条", decline: "未作答", chat: "" };

export class Cards {
  /** `onChoose(reference)` is called when a person picks a clause, `onRead(reference, event)` to open the reader. */
  constructor(notices, { onChoose, onRead }) {
    this.notices = notices;
    this.onChoose = onChoose;
    this.onRead = onRead;
  }

  question(text) {
    return element(
      "div",
      { class: "question" },
      element("span", { class: "visually-hidden", text: "您问：" }),
      element("p", { text }),
    );
  }

  waiting() {
    return element("div", { class: "waiting" }, element("span", { class: "pulse" }), element("p", { text: "正在查找条款…" }));
  }

  /** A failure, with a button that tries again or takes the question back for editing. */
  failure(message, label, onPress) {
    return element(
      "div",
      { class: "card failure", role: "alert" },
      element("p", { text: message }),
      element("button", { class: "action", type: "button", onclick: onPress }, icon("retry"), label),
    );
  }

  answer(answer) {
    const card = this.#card(answer.outcome, TAGS[answer.outcome]);
    if (answer.interpreted_as) {
      card.append(element("p", { class: "interpreted", text: `按「${answer.interpreted_as}」理解` }));
    }
    if (answer.outcome === "chat") {
      for (const line of answer.answer.split("\n")) card.append(element("p", { class: "plain", text: line }));
      return card;
    }
    if (answer.remark) card.append(element("p", { class: "remark", text: answer.remark }));
    card.append(element("p", { class: "lead", text: answer.lead }));
    if (answer.outcome === "answer") this.#quotes(card, answer.citations.map((one) => this.#quoted(one)));
    if (answer.outcome === "clarify") card.append(this.#choices(answer.options));
    if (answer.outcome === "decline") this.#reading(card, answer);
    return card;
  }

  /** The clause that a person chose; a heading comes with what stands below it. */
  choice(clause) {
    const card = this.#card("answer chosen", "您选择的条款");
    card.tabIndex = -1;
    this.#quotes(card, [clause, ...this.notices.children(clause)].map((one) => ({ ...one })));
    return card;
  }

  #card(kind, tag) {
    return element("article", { class: `card ${kind}` }, tag ? element("p", { class: "tag", text: tag }) : null);
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
      // A quote that is shown with other line breaks than it has is shown without marks.
      marks: displayed(citation.quote) === citation.quote ? citation.spans.map(([a, b]) => [a - citation.start, b - citation.start]) : [],
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
        href: clauseAddress(clause.reference),
        "aria-label": words === "原文" ? `在原文中查看${place(clause.label)}` : null,
        onclick: (event) => this.onRead(clause.reference, event),
      },
      kind === "action" ? icon("notice") : null,
      words,
    );
  }

  #copyButton(quotes) {
    const words = element("span", { text: quotes.length > 1 ? "复制全部" : "复制" });
    const press = async () => {
      const before = words.textContent;
      words.textContent = (await copyText(this.#copied(quotes))) ? "已复制" : "复制不了";
      setTimeout(() => (words.textContent = before), 1800);
    };
    const said = element("button", { class: "action copy", type: "button", onclick: press }, icon("copy"), words);
    words.setAttribute("aria-live", "polite");
    return said;
  }

  #copied(quotes) {
    const [first, ...rest] = quotes;
    const source = `出处：${this.notices.source(first.label, first.document)}`;
    if (!rest.length) return `“${first.text}”\n${source}`;
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
            { href: clauseAddress(reference), onclick: (event) => this.onRead(reference, event) },
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

function beginning(text) {
  const characters = [...text];
  return characters.length > BEGINNING ? `${characters.slice(0, BEGINNING).join("")}…` : text;
}
