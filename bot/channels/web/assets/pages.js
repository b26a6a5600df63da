// Small conveniences on the pages that the server renders; without script they are complete.
// Every element with data-copy-text gets a button that copies this text; every one with data-print, one that prints.

import { copyButton, element, icon } from "./dom.js";

for (const place of document.querySelectorAll("[data-copy-text]")) {
  place.append(copyButton(place.dataset.copyLabel ?? "复制引文", () => place.dataset.copyText));
}
for (const place of document.querySelectorAll("[data-print]")) {
  place.append(element("button", { class: "action", type: "button", onclick: () => window.print() }, icon("print"), "打印"));
}
