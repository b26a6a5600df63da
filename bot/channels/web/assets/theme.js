// Applies the chosen appearance before the page is painted, and lets the button change it.
// A classic script on purpose: modules run after the first paint, which would flash.
(function () {
  "use strict";
  const KEY = "jianfu.theme";
  const CHOICES = ["system", "light", "dark"];
  const NAMES = { system: "跟随系统", light: "浅色", dark: "深色" };

  function read() {
    try {
      const stored = localStorage.getItem(KEY);
      return CHOICES.includes(stored) ? stored : "system";
    } catch {
      return "system"; // storage may be switched off; the choice then lasts for this page
    }
  }

  function apply(choice) {
    document.documentElement.dataset.theme = choice;
    const button = document.getElementById("theme");
    if (button) {
      button.setAttribute("aria-label", `外观：${NAMES[choice]}`);
      button.title = `外观：${NAMES[choice]}`;
    }
  }

  let current = read();
  apply(current);
  const pages = new URL("pages.js", document.currentScript.src).href;
  document.addEventListener("DOMContentLoaded", () => {
    apply(current);
    if (document.querySelector("[data-copy-text], [data-print]")) import(pages);
    document.getElementById("theme")?.addEventListener("click", () => {
      current = CHOICES[(CHOICES.indexOf(current) + 1) % CHOICES.length];
      apply(current);
      try {
        localStorage.setItem(KEY, current);
      } catch {
        // see read()
      }
    });
  });
})();
