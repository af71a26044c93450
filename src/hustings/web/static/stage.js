// The stage page: puts seats, desk and microphone on the live state of the space.

import { SIGNED_OUT } from "./api.js";
import "./copy.js";
import { door, show as showCrowd } from "./crowd.js";
import { Desk } from "./desk.js";
import { follow } from "./events.js";
import { moment } from "./local_time.js";
import { OwnMic } from "./own_mic.js";
import { Seats } from "./seats.js";

const STATUS_WORDS = new Map([
  ["scheduled", "Scheduled"], ["doors", "Doors open"], ["live", "Live"], ["held", "On hold"],
  ["ended", "Ended"], ["posted", "Posted"], ["withheld", "Not published"], ["cancelled", "Cancelled"],
]);

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const { space: first, you } = JSON.parse(element("state").textContent ?? "");
const desk = new Desk({ space: first.id, hosts: you.hosts });
const seats = new Seats(you, (act, seat) => void desk.seat(act, seat));
const mic = you.seat ? new OwnMic({ space: first.id, seat: you.seat }) : null;
if (!mic) element("microphone").hidden = true;

/** @type {any} */
let space = first;
let aheadMs = 0; // the studio's clock minus ours

/** @param {any} now */
function show(now) {
  space = now;
  aheadMs = now.now_ms - Date.now();
  document.body.dataset.status = now.status;
  const status = element("status");
  const words = STATUS_WORDS.get(now.status) ?? now.status;
  if (status.textContent !== words) status.textContent = words;
  status.className = `pill ${now.status}`;
  element("reason").hidden = !now.reason;
  element("reason").textContent = now.reason;
  const over = ["ended", "posted", "withheld", "cancelled"].includes(now.status);
  // The host is here by an account; everybody else by a seat.
  const seated = you.role === "host" || now.seats.some((/** @type {any} */ seat) => seat.id === you.seat);
  seats.show(now.seats, over || !seated);
  desk.show(now, seated);
  mic?.follow(now);
  if (over) element("listening-line").hidden = true;
  tick();
  if (!seated) dismissed();
}

/** Our seat is gone. */
function dismissed() {
  stop();
  mic?.close();
  desk.show(space, false);
  tell("Your seat was taken away. Ask the host for a new invitation.");
}

function tick() {
  const at = Date.now() + aheadMs;
  const clock = element("clock");
  if (space.live_at_ms && !space.ended_at_ms) {
    clock.textContent = span(at - space.live_at_ms);
  } else if (space.recording_seconds) {
    clock.textContent = span(space.recording_seconds * 1000);
  } else if (space.starts_at_ms > at && space.starts_at_ms - at < 3_600_000) {
    clock.textContent = `starts in ${span(space.starts_at_ms - at)}`;
  } else {
    clock.textContent = moment(space.starts_at_ms);
  }
}

/**
 * A duration as a clock shows it.
 * @param {number} ms
 */
function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const minutes = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return s >= 3600 ? `${Math.floor(s / 3600)}:${minutes}` : minutes;
}

/** @param {string} sentence */
function tell(sentence) {
  element("notice").textContent = sentence;
  element("notice").hidden = false;
}

let signedOut = false;

const stop = follow(`/api/spaces/${first.id}`, {
  state: show,
  levels: (levels) => seats.levels(levels),
  listening: (count) => {
    element("listening").textContent = count.toLocaleString();
    element("listening-line").hidden = !["doors", "live", "held"].includes(space.status);
  },
  crowd: (figures) => {
    if (!you.hosts) return;
    showCrowd(element("crowd"), figures);
    const words = door(figures);
    if (element("door").textContent !== words) element("door").textContent = words;
    element("door").hidden = !words;
  },
  warning: ({ seat, advice }) => {
    const name = space.seats.find((/** @type {any} */ one) => one.id === seat)?.name;
    tell(name ? `${name}: ${advice}` : advice);
  },
  taken: (page) => mic?.taken(page),
  online: (online) => {
    document.body.dataset.events = String(online);
    element("offline").hidden = online;
    if (online && signedOut) element("notice").hidden = true;
    if (online) signedOut = false;
  },
  refused: ({ status }) => {
    document.body.dataset.events = "false";
    if (status !== 401) return dismissed();
    signedOut = true;
    element("offline").hidden = true;
    tell(you.role === "host" ? SIGNED_OUT : "This browser holds no seat any more. Open your invitation again.");
  },
});
document.addEventListener("space", (event) => show(/** @type {CustomEvent} */ (event).detail));
setInterval(tick, 1000);
// A page taken out of the back-forward cache has given everything up.
addEventListener("pageshow", (event) => event.persisted && location.reload());
show(first);
