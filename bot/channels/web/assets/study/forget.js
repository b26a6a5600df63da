// The button that deletes what a person learned: asks once more before it does.

import * as api from "../api.js";
import { element } from "../dom.js";

let place = null;
let onForgotten = () => {};

const button = (words, onclick, kind = "action") => element("button", { class: kind, type: "button", text: words, onclick });

function ask() {
  const sure = button("删除", remove, "action strong");
  const keep = button("不删", () => {
    idle();
    place.querySelector("button").focus();
  });
  place.replaceChildren(element("p", { role: "status", text: "删了找不回来，学习从头开始。确定删除？" }), element("p", { class: "actions" }, sure, keep));
  keep.focus();
}

async function remove() {
  try {
    await api.study.forget();
    place.replaceChildren(element("p", { role: "status", text: "已删除。" }));
    onForgotten();
  } catch (error) {
    if (!(error instanceof api.RequestFailed)) throw error;
    place.replaceChildren(element("p", { role: "alert", text: `没有删成：${error.message}` }), button("删除我的学习记录", ask));
  }
}

function idle() {
  place.replaceChildren(button("删除我的学习记录", ask));
}

export const forgetting = {
  mount(element_, forgotten) {
    place = element_;
    onForgotten = forgotten;
  },

  /** Offers the button to whoever has something to delete. */
  show(started) {
    if (started && !place.hasChildNodes()) idle();
    else if (started && place.querySelector('[role="status"]') && !place.querySelector("button")) idle();
    else if (!started && place.querySelector("button")) place.replaceChildren();
  },
};
