// The notices that answers come from, fetched once: finds clauses and says where they stand.

import * as api from "./api.js";

/** A clause's words for showing; the same rule as Clause.display on the server. */
export function displayed(quote) {
  return quote.replace(/[\s●]*\n[\s●]*/g, "｜").split("：｜").join("：");
}

/** The lines of a heading's display text. */
export const lines = (text) => text.split("｜");

/** A clause's place below its heading: 《通知》问题二·措施2 -> 措施2. */
export const place = (label) => label.slice(label.lastIndexOf("·") + 1);

export class Notices {
  constructor() {
    this.documents = [];
    this.byReference = new Map();
  }

  /** Fetches all documents unless they are here already. */
  async load() {
    if (this.documents.length) return;
    const { documents } = await api.documents();
    for (const notice of documents) {
      for (const clause of notice.clauses) this.byReference.set(clause.reference, clause);
    }
    this.documents = documents;
  }

  find(reference) {
    return this.byReference.get(reference);
  }

  /** The clause that a citation quotes, or undefined while the documents are not here. */
  cited(citation) {
    const notice = this.documents.find((one) => one.id === citation.document);
    return notice?.clauses.find((clause) => clause.id === citation.clause);
  }

  /** The clause before and the one after, each undefined at an end. */
  neighbours(clause) {
    const clauses = this.documents.find((one) => one.id === clause.document)?.clauses ?? [];
    const at = clauses.findIndex((other) => other.reference === clause.reference);
    return [clauses[at - 1], clauses[at + 1]];
  }

  /** A quote that can be pasted anywhere: the words, then where they stand. */
  quotation(text, label, documentId) {
    return `“${lines(text).join("\n")}”——${this.source(label, documentId)}`;
  }

  children(clause) {
    const notice = this.documents.find((one) => one.id === clause.document);
    return notice ? notice.clauses.filter((other) => other.parent === clause.reference) : [];
  }

  /** Where words come from, for a copied quote: full title, place, issuer and year. */
  source(label, documentId) {
    const notice = this.documents.find((one) => one.id === documentId);
    if (!notice) return label;
    const full = label.replace(`《${notice.short_title}》`, `《${notice.title}》`);
    return `${full}（${notice.issuer}，${notice.year}年）`;
  }

  get titles() {
    return this.documents.map((notice) => notice.title).join("》《");
  }
}
