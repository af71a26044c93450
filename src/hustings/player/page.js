/**
 * The view: writes the door's state and the ear's facts into page.html.
 *
 * Whatever people wrote goes in through `textContent` only. Nothing is written that has not
 * changed, so that a screen reader and a text selection are left in peace.
 */

import { behind, countdown } from "./time.js";
import { crowd, initials, place, shown, words } from "./words.js";

const SENDING = ["doors", "live", "held"];
const HOSTED = "Hosted by ";

/** Elements of page.html by id. @type {Record<string, any>} */
const on = new Proxy({}, { get: (_, id) => document.getElementById(String(id)) });

/** @param {import("./door.js").State} state */
export function showState(state) {
  const status = shown(state);
  write(on.title, state.title || "A live conversation");
  write(on.host, state.host ? HOSTED + state.host : "");
  write(on.description, state.description);
  on.about.hidden = !state.description;
  for (const part of [on.title, on.description]) part.lang = state.language || "en";
  showStage(state.seats, status);
  on.loudness.classList.toggle("off", !SENDING.includes(status) && status !== "posted");
  on.tape.hidden = status !== "posted";
  on.files.hidden = status !== "posted";
  if (state.replay) showFiles(state);
  document.documentElement.dataset.status = status;
}

/**
 * What changes from moment to moment.
 * @param {import("./door.js").State} state
 * @param {{phase: string, behindS: number | null, shifted: boolean, codec: string}} ear
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
  const late = ear.shifted && ear.phase !== "idle";
  on.golive.hidden = !late;
  const delay = ear.behindS === null || ear.phase === "paused" ? "" : `${behind(ear.behindS)} s behind live`;
  write(on.delay, delay);
  write(on.listening, SENDING.includes(status) ? crowd(state.listening) : "");
  const left = status === "scheduled" || status === "doors" ? state.starts_at_ms - nowMs : 0;
  showCountdown(left);
  const lost = reachable ? "" : on.line.textContent;
  announce(`${said.headline}. ${said.notice} ${lost}`, status);
  const facts = document.documentElement.dataset;
  facts.phase = ear.phase;
  facts.playing = String(ear.phase === "playing");
  facts.behindMs = ear.behindS === null ? "" : String(Math.round(ear.behindS * 1000));
  facts.codec = ear.codec;
  const title = `${said.pill} · ${state.title || "A live conversation"}`;
  if (document.title !== title) document.title = title;
}

function showCountdown(leftMs) {
  const cells = countdown(leftMs);
  on.countdown.hidden = !cells.length;
  const text = cells.map((cell) => `${cell.value} ${cell.unit}`).join(" ");
  if (on.countdown.dataset.text === text) return;
  on.countdown.dataset.text = text;
  on.countdown.replaceChildren(
    ...cells.flatMap((cell, index) => [
      ...(index ? [" "] : []),
      make("span", "cell", make("b", "", cell.value), " ", make("span", "", cell.unit)),
    ]),
  );
}

function showStage(seats, status) {
  on.stage.hidden = !seats.length || status === "cancelled";
  const live = SENDING.includes(status) && status !== "doors";
  const was = ["ended", "posted", "withheld"].includes(status);
  write(on.stagehead, was ? "Who was on stage" : live ? "On stage" : "Who you will hear");
  const text = JSON.stringify([seats, live]);
  if (on.seats.dataset.text === text) return;
  on.seats.dataset.text = text;
  const old = new Map([...on.seats.children].map((tile) => [tile.dataset.seat, tile]));
  const tiles = seats.map((seat) => tile(seat, live, old.get(seat.id)));
  on.seats.replaceChildren(...tiles);
}

function tile(seat, live, old) {
  const face = make("span", "face", initials(seat.name));
  face.setAttribute("aria-hidden", "true");
  const made = old ?? make("li", "", face, make("b", "name"), make("span", "place"));
  made.dataset.seat = seat.id;
  const speaking = live && seat.speaking;
  made.className = [speaking && "speaking", live && !seat.connected && "away"].filter(Boolean).join(" ");
  const [shownFace, name, under] = made.children;
  write(shownFace, initials(seat.name));
  write(name, seat.name);
  write(under, place({ ...seat, speaking }, live));
  return made;
}

function showFiles({ replay, seats }) {
  const text = JSON.stringify(replay);
  if (on.files.dataset.text === text) return;
  on.files.dataset.text = text;
  const name = new Map(seats.map((seat) => [seat.id, seat.name]));
  const stems = Object.entries(replay.stems ?? {}).map(([seat, url]) => [
    `${name.get(seat) ?? seat}, own track (Opus)`,
    url,
    true,
  ]);
  const all = [
    ["Recording, M4A (AAC)", replay.m4a, true],
    ["Recording, Opus", replay.opus, true],
    ...stems,
    ["Receipt: what was recorded, signed", replay.receipt, false],
    ["Timeline: what happened when", replay.timeline, false],
  ];
  on.links.replaceChildren(
    ...all.filter(([, url]) => url).map(([label, url, download]) => {
      const link = make("a", "", label);
      link.href = url;
      if (download) link.download = "";
      return make("li", "", link);
    }),
  );
}

/** Tells a screen reader of a new state, not of the one it has just read out with the page. */
function announce(text, status) {
  const key = `${status} ${text}`;
  const { said } = on.announce.dataset;
  on.announce.dataset.said = key;
  if (said !== undefined && said !== key) write(on.announce, text);
}

function write(element, text) {
  if (element.textContent !== (text ?? "")) element.textContent = text ?? "";
}

function make(tag, className, ...inside) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...inside);
  return element;
}
