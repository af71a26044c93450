/**
 * The view: writes the door's state and the ear's facts into page.html.
 *
 * Whatever people wrote goes in through `textContent` only. Nothing is written that has not
 * changed, so that a screen reader and a text selection are left in peace. An element that a page
 * does not have (embed.html has few) is written to in vain.
 */

import { apart, t } from "./t.js";
import { behind } from "./time.js";
import { crowd, SENDING, shown, words } from "./words.js";

/** Elements by id. @type {Record<string, any>} */
export const on = new Proxy({}, {
  get: (_, id) => document.getElementById(String(id)) ?? document.createElement("i"),
});

const root = document.documentElement.dataset;

/** @param {import("./door.js").State} state */
export function showState(state) {
  write(on.title, state.title || t("A live conversation"));
  write(on.host, state.host && t("Hosted by {name}", { name: state.host }));
  on.title.lang = state.language || "en";
  root.status = shown(state);
  root.posting = String(root.status === "ended" && (state.publishing ?? "auto") === "auto");
}

/**
 * What changes from moment to moment.
 * @param {import("./door.js").State} state
 * @param {import("./words.js").Facts} ear
 * @param {number} nowMs  the edge's clock
 * @param {boolean} reachable  whether the door answers
 */
export function showMoment(state, ear, nowMs, reachable) {
  const said = words(state, ear, nowMs);
  const status = shown(state);
  write(on.pill, said.pill);
  on.pill.className = `pill ${said.mood}`;
  write(on.headline, said.headline);
  write(on.note, said.note);
  write(on.notice, said.notice);
  on.notice.hidden = !said.notice;
  on.line.hidden = reachable;
  write(on.label, said.button);
  on.play.hidden = !said.button;
  on.play.classList.toggle("on", said.pressed);
  on.calendar.hidden = status !== "scheduled";
  on.golive.hidden = !ear.shifted || ear.phase === "idle";
  const late = ear.behindS !== null && ear.phase !== "paused";
  write(on.delay, late ? t("{s} s behind live", { s: behind(ear.behindS) }) : "");
  write(on.listening, SENDING.includes(status) ? crowd(state.listening) : "");
  const waiting = ear.phase === "waiting" ? said.button : "";
  const lost = reachable ? "" : on.line.textContent;
  announce(`${said.headline}. ${said.notice} ${waiting} ${lost}`, status);
  root.phase = ear.phase;
  root.playing = String(ear.phase === "playing");
  root.behindMs = ear.behindS === null ? "" : String(Math.round(ear.behindS * 1000));
  root.codec = ear.codec;
  const title = `${said.pill} · ${apart(state.title || t("A live conversation"))}`;
  if (document.title !== title) document.title = title;
}

/** Tells a screen reader of a new state, not of the one it has just read out with the page. */
function announce(text, status) {
  const key = `${status} ${text}`;
  const { said } = on.announce.dataset;
  on.announce.dataset.said = key;
  if (said !== undefined && said !== key) write(on.announce, text);
}

export function write(element, text) {
  if (element.textContent !== (text ?? "")) element.textContent = text ?? "";
}

/** @returns {any} */
export function make(tag, className, ...inside) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...inside);
  return element;
}
