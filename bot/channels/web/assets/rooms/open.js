// Opens a room with what the form says, and goes to its control view; the key travels behind the #, which no server sees.

import { open } from "./client.js";

const form = document.getElementById("open");
const failure = document.getElementById("open-failure");
const button = form.querySelector("button[type=submit]");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.disabled) return;
  button.disabled = true;
  button.textContent = "正在出题…";
  failure.hidden = true;
  const fields = new FormData(form);
  try {
    const { code, key } = await open({
      scope: fields.get("scope") || null,
      count: Number(fields.get("count")),
      seconds: Number(fields.get("seconds")),
      reading_seconds: Number(fields.get("reading")),
      teams: Number(fields.get("teams")),
      named: fields.has("named"),
    });
    location.assign(`${document.body.dataset.root}room/${code}/control#key=${key}`);
  } catch (error) {
    failure.textContent = `没有开成：${error.message}`;
    failure.hidden = false;
  } finally {
    button.disabled = false;
    button.textContent = "开房间";
  }
});
