// The studio's live state by server-sent events. Comes back by itself, whatever ends the stream.

import { call, Problem } from "./api.js";

const RETRY_MS = 1000;
const REFUSED_MS = 5000;
// A quiet studio says every 15 s that it is there (limits.WATCH_PING_S). A computer that slept, or
// changed networks, may hold a line on which nothing will ever come.
const SILENT_MS = 40_000;
const LOOK_MS = 5000;

/**
 * @typedef {object} Listener
 * @property {(space: any) => void} state the whole space, at once and at every change
 * @property {(levels: Record<string, number>) => void} levels dBFS by seat
 * @property {(lines: Record<string, any>) => void} [lines] how good they are, by seat (hosts only)
 * @property {(floor: import("./floor.js").FloorTime) => void} [floor] who has spoken for how long
 * @property {(count: number) => void} listening how many listen now
 * @property {(figures: any) => void} crowd who is there, in which way (hosts only)
 * @property {(warning: {seat: string, code: string, advice: string}) => void} warning
 * @property {(what: {seat: string, code: string}) => void} [cleared] a warning is over
 * @property {(talk: {said?: any[], asked?: any[]}) => void} talk what the audience wrote (hosts only)
 * @property {(ballots: Record<string, any>) => void} tally results of ballots that changed
 * @property {(lines: any[]) => void} backstage what those on stage wrote to each other
 * @property {(work: {part: string, done: number}) => void} [work] what the archive makes (hosts only)
 * @property {(page: string) => void} taken the page that sits down on our seat
 * @property {(online: boolean) => void} online whether the stream is connected
 * @property {(problem: Problem) => void} refused why there is no stream for us (401, 403, 404)
 */

/**
 * Follow a space until the page is left.
 * @param {string} space its address in the API
 * @param {Listener} listener
 * @returns {() => void} what ends it
 */
export function follow(space, listener) {
  /** @type {EventSource} */
  let source;
  let stopped = false;
  let heardAt = Date.now(); // which goes on while the computer sleeps
  /** @param {Event} event */
  const data = (event) => {
    heardAt = Date.now();
    return JSON.parse(/** @type {MessageEvent} */ (event).data);
  };

  function open() {
    if (stopped) return;
    heardAt = Date.now();
    source = new EventSource(`${space}/events`);
    source.addEventListener("ping", data);
    source.addEventListener("state", (event) => listener.state(data(event)));
    source.addEventListener("levels", (event) => listener.levels(data(event)));
    source.addEventListener("lines", (event) => listener.lines?.(data(event)));
    source.addEventListener("floor", (event) => listener.floor?.(data(event)));
    source.addEventListener("listening", (event) => listener.listening(data(event).count));
    source.addEventListener("crowd", (event) => listener.crowd(data(event)));
    source.addEventListener("warning", (event) => listener.warning(data(event)));
    source.addEventListener("cleared", (event) => listener.cleared?.(data(event)));
    source.addEventListener("talk", (event) => listener.talk(data(event)));
    source.addEventListener("tally", (event) => listener.tally(data(event).ballots ?? data(event)));
    source.addEventListener("backstage", (event) => listener.backstage(data(event).lines));
    source.addEventListener("work", (event) => listener.work?.(data(event)));
    source.addEventListener("taken", (event) => listener.taken(data(event).page));
    source.onopen = () => listener.online(true);
    source.onerror = () => {
      if (stopped) return;
      // EventSource gives up on an answer other than 200, and does not say what it was.
      if (source.readyState === EventSource.CLOSED) void ask();
      else listener.online(false);
    };
  }

  /** Learn whether the studio is away, or does not let us in. */
  async function ask() {
    let pause = RETRY_MS;
    try {
      await call("GET", space);
      listener.online(false); // there is no room for one more stream
    } catch (error) {
      if (error instanceof Problem && [401, 403, 404].includes(error.status)) {
        pause = REFUSED_MS;
        if (!stopped) listener.refused(error);
      } else {
        listener.online(false);
      }
    }
    setTimeout(open, pause * (1 + Math.random()));
  }

  function look() {
    if (stopped || source.readyState === EventSource.CLOSED || Date.now() - heardAt < SILENT_MS) return;
    source.close();
    listener.online(false);
    open();
  }

  function stop() {
    stopped = true;
    source.close();
  }

  open();
  setInterval(look, LOOK_MS);
  addEventListener("pagehide", stop);
  return stop;
}
