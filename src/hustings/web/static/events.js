// The studio's live state by server-sent events. Comes back by itself, whatever ends the stream.

const RETRY_MS = 1000;

/**
 * @typedef {object} Listener
 * @property {(space: any) => void} state the whole space, at once and at every change
 * @property {(levels: Record<string, number>) => void} levels dBFS by seat
 * @property {(count: number) => void} listening how many listen now
 * @property {(warning: {seat: string, code: string, advice: string}) => void} warning
 * @property {(online: boolean) => void} online whether the stream is connected
 */

/**
 * Follow a space until the page is left.
 * @param {string} url
 * @param {Listener} listener
 * @returns {() => void} what ends it
 */
export function follow(url, listener) {
  /** @type {EventSource} */
  let source;
  let stopped = false;
  /** @param {Event} event */
  const data = (event) => JSON.parse(/** @type {MessageEvent} */ (event).data);

  function open() {
    if (stopped) return;
    source = new EventSource(url);
    source.addEventListener("state", (event) => listener.state(data(event)));
    source.addEventListener("levels", (event) => listener.levels(data(event)));
    source.addEventListener("listening", (event) => listener.listening(data(event).count));
    source.addEventListener("warning", (event) => listener.warning(data(event)));
    source.onopen = () => listener.online(true);
    source.onerror = () => {
      if (stopped) return;
      listener.online(false);
      // EventSource gives up on an answer other than 200; the studio may only be restarting.
      if (source.readyState === EventSource.CLOSED) setTimeout(open, RETRY_MS * (1 + Math.random()));
    };
  }

  function stop() {
    stopped = true;
    source.close();
  }

  open();
  addEventListener("pagehide", stop);
  return stop;
}
