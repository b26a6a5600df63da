// Follows a room: by server-sent events, and by asking every few seconds where these are missing or cut off.

const SILENT_SECONDS = 25; // the server says something every 10
const POLL_SECONDS = 3;
const AGAIN_SECONDS = 30;

/**
 * Calls `show` with the room whenever it changed, and `connected(true | false)` when the line is up or down.
 * `read` asks for the room once; it also runs first, and after the line was down.
 */
export function follow(address, view, read, show, connected) {
  let source = null;
  let polling = null;
  let heardAt = Date.now();
  let reading = false;
  let gone = false; // there is no such room: asking on would only look like guessing codes

  const heard = () => {
    heardAt = Date.now();
    connected(true);
  };

  async function catchUp() {
    if (reading || gone) return;
    reading = true;
    try {
      show(await read());
      heard();
    } catch (failure) {
      gone = failure.status === 404;
      if (gone) {
        clearInterval(polling);
        source?.close();
      }
      connected(false, failure);
    } finally {
      reading = false;
    }
  }

  function poll() {
    if (polling !== null || gone) return;
    const began = Date.now();
    polling = setInterval(() => {
      catchUp();
      if ("EventSource" in window && Date.now() - began > AGAIN_SECONDS * 1000) listen();
    }, POLL_SECONDS * 1000);
  }

  function listen() {
    if (gone) return;
    clearInterval(polling);
    polling = null;
    source?.close();
    if (!("EventSource" in window)) return poll();
    heardAt = Date.now();
    const mine = (source = new EventSource(`${address}/events?view=${view}`));
    mine.addEventListener("room", (event) => {
      heard();
      show(JSON.parse(event.data));
    });
    mine.addEventListener("alive", heard);
    mine.addEventListener("open", heard);
    mine.addEventListener("error", () => {
      connected(false);
      if (mine.readyState === EventSource.CLOSED && mine === source) poll(); // turned away: the browser will not try again
    });
  }

  const wake = () => {
    if (document.visibilityState === "hidden") return;
    catchUp();
    if (polling === null) listen();
  };
  window.addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  setInterval(() => {
    if (polling === null && Date.now() - heardAt > SILENT_SECONDS * 1000) wake();
  }, 5000);
  return catchUp().then(listen);
}
