// Builds elements from plain values. Text always becomes text nodes; nothing here parses HTML.

/**
 * An element with properties and children.
 * `class`, `text` and `on…` are handled; every other property becomes an attribute. null children are left out.
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") made.className = value;
    else if (name === "text") made.textContent = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Text as nodes, with `marks`, sorted [start, end) characters of it, inside <mark>. Counts characters, not UTF-16. */
export function marked(text, marks) {
  const characters = [...text];
  const nodes = [];
  let done = 0;
  for (const [start, end] of marks) {
    nodes.push(characters.slice(done, start).join(""), element("mark", { text: characters.slice(start, end).join("") }));
    done = end;
  }
  return [...nodes, characters.slice(done).join("")].filter((node) => node !== "");
}

const SVG = "http://www.w3.org/2000/svg";
const SYMBOLS = new URL("symbols.svg", import.meta.url).href;

/** An icon of symbols.svg, hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${SYMBOLS}#${name}`);
  svg.append(use);
  return svg;
}

/** Copies text; works on plain http too, where the clipboard API does not exist. Resolves to success. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = element("textarea", { class: "visually-hidden", readonly: true });
    area.value = text;
    const focused = document.activeElement;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    focused?.focus?.({ preventScroll: true });
    return copied;
  }
}

/** A button that copies `text()` and says whether it did. */
export function copyButton(words, text, properties = {}) {
  const shown = element("span", { text: words, "aria-live": "polite" });
  const press = async () => {
    shown.textContent = (await copyText(text())) ? "已复制" : "复制不了";
    setTimeout(() => (shown.textContent = words), 1800);
  };
  return element("button", { class: "action copy", type: "button", onclick: press, ...properties }, icon("copy"), shown);
}

/** Whether this click asks for a new tab or window, which is the browser's business. */
export const wantsNewTab = (event) => event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;

/** How to scroll: smoothly, unless the person wants calm. */
export const motion = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");
