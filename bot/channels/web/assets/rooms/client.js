// What the pages of a room ask the API; every failure is a RequestFailed of api.js.

import { post, requestOk } from "../api.js";

const root = document.body.dataset.root;

/** Opens a room: {code, key}. */
export const open = (settings) => post("api/v1/rooms", settings);

/** The address of this app as the browser knows it, which a proxy may have changed. */
export const base = () => new URL(root, location.href).href;

/** The calls of one room. */
export function roomAt(code) {
  const path = `api/v1/rooms/${encodeURIComponent(code)}`;
  return {
    address: root + path,
    page: `${root}room/${encodeURIComponent(code)}`,
    read: () => requestOk(path, { cache: "no-store" }),
    screen: () => requestOk(`${path}/screen`, { cache: "no-store" }),
    control: () => requestOk(`${path}/control`, { cache: "no-store" }),
    invitation: () => requestOk(`${path}/invitation?address=${encodeURIComponent(base())}`),
    sit: (team, name, ticket) => post(`${path}/seat`, { team, name, ticket }),
    leave: () => requestOk(`${path}/seat`, { method: "DELETE" }),
    answer: (position, choice) => post(`${path}/answers`, { position, choice }),
    useKey: (key) => post(`${path}/key`, { key }),
    act: (action, position) => post(`${path}/actions`, { action, position }),
  };
}
