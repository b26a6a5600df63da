// Puts the chat on any page of the intranet: one script tag, a round button, and an iframe that holds everything else.
//
//   <script src="//host/prefix/widget.js" async data-label="问减负通知" data-position="left"></script>
//
// Nothing of the page is read and nothing of it is changed but one element added at its end. Styles live in a shadow
// root as a constructed sheet, which a strict Content-Security-Policy of the page does not forbid; the page's policy has
// to allow this host in script-src and frame-src, and the host has to allow the page (see its configuration).
(function () {
  "use strict";
  const script = document.currentScript ?? document.querySelector('script[src*="widget.js"]');
  if (!script || document.querySelector("jianfu-widget")) return; // once is enough
  const chat = new URL("embed", script.src);
  const label = script.dataset.label || "减负问答";
  const left = script.dataset.position === "left";

  const STYLE = `
    :host { all: initial; position: fixed; z-index: 2147483000; inset: auto 20px 20px auto; color-scheme: light dark;
      font: 16px/1.5 "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", system-ui, sans-serif; }
    :host([data-position="left"]) { inset: auto auto 20px 20px; }
    * { box-sizing: border-box; font: inherit; }
    [hidden] { display: none !important; }
    button { cursor: pointer; border: 0; }
    button:focus-visible { outline: 3px solid #9b2c21; outline-offset: 3px; }
    .open { display: grid; place-items: center; width: 60px; height: 60px; border-radius: 50%; background: #9b2c21;
      color: #fffaf5; box-shadow: 0 4px 18px rgb(40 20 10 / 30%); }
    .open:hover { background: #7f2118; }
    svg { display: block; width: 28px; height: 28px; }
    .panel { position: fixed; right: 20px; bottom: 20px; display: flex; flex-direction: column; overflow: hidden;
      width: min(420px, calc(100vw - 40px)); height: min(680px, calc(100dvh - 40px));
      border: 1px solid #d8d0c3; border-radius: 16px; background: #f7f5f1; color: #24211d;
      box-shadow: 0 12px 48px rgb(40 20 10 / 28%); }
    :host([data-position="left"]) .panel { right: auto; left: 20px; }
    .bar { display: flex; align-items: center; justify-content: space-between; padding: 6px 6px 6px 18px;
      background: #9b2c21; color: #fffaf5; font-weight: 600; letter-spacing: .04em; }
    .close { display: grid; place-items: center; width: 44px; height: 44px; border-radius: 10px; background: none; color: inherit; }
    .close:hover { background: rgb(255 255 255 / 15%); }
    .close svg { width: 20px; height: 20px; }
    .bar button:focus-visible { outline-color: #fffaf5; outline-offset: -4px; }
    iframe { flex: 1; width: 100%; border: 0; }
    @media (prefers-color-scheme: dark) { .panel { border-color: #3a3632; background: #191816; } }
    @media (max-width: 480px) { .panel { inset: 0 !important; width: 100vw; height: 100dvh; border: 0; border-radius: 0; } }
    @media print { :host { display: none; } }
  `;

  const host = document.createElement("jianfu-widget");
  if (left) host.dataset.position = "left";
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];

  const opener = button("open", label, "M4.5 5.5h15v10.5h-8l-4 3.5v-3.5h-3zM8.5 9.2h7M8.5 12.4h4.5");
  opener.setAttribute("aria-expanded", "false");
  const closer = button("close", `关闭${label}`, "M6 6l12 12M18 6L6 18");
  const name = document.createElement("span");
  name.textContent = label;
  const bar = document.createElement("div");
  bar.className = "bar";
  bar.append(name, closer);
  const panel = document.createElement("section");
  panel.className = "panel";
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", label);
  panel.hidden = true;
  panel.append(bar);
  root.append(opener, panel);

  let frame = null;

  function open() {
    if (!frame) {
      frame = document.createElement("iframe"); // nothing is loaded before somebody wants it
      frame.title = label;
      frame.referrerPolicy = "no-referrer";
      frame.allow = "clipboard-write";
      frame.addEventListener("load", focusInside);
      frame.src = chat.href;
      panel.append(frame);
    }
    panel.hidden = false;
    opener.hidden = true;
    opener.setAttribute("aria-expanded", "true");
    closer.focus();
    focusInside();
  }

  function focusInside() {
    if (panel.hidden) return;
    frame.focus();
    frame.contentWindow.postMessage({ type: "jianfu:focus" }, chat.origin);
  }

  function close() {
    if (panel.hidden) return;
    panel.hidden = true;
    opener.hidden = false;
    opener.setAttribute("aria-expanded", "false");
    opener.focus();
  }

  function button(kind, words, path) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = kind;
    made.title = words;
    made.setAttribute("aria-label", words);
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": "1.8", "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" })) {
      svg.setAttribute(key, value);
    }
    const line = document.createElementNS(svg.namespaceURI, "path");
    line.setAttribute("d", path);
    svg.append(line);
    made.append(svg);
    return made;
  }

  opener.addEventListener("click", open);
  closer.addEventListener("click", close);
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  // Inside the frame, Escape is the chat's; it says so when nothing was left there to close.
  window.addEventListener("message", (event) => {
    if (frame && event.source === frame.contentWindow && event.origin === chat.origin && event.data?.type === "jianfu:close") close();
  });
  const attach = () => document.body.append(host);
  if (document.body) attach();
  else document.addEventListener("DOMContentLoaded", attach);
})();
