/** The listen page put together: door, ear and replay, wired to the view and to the buttons. */

import { Door } from "./door.js";
import { Ear } from "./ear.js";
import { showMoment, showState } from "./page.js";
import { Replay } from "./replay.js";
import { shown } from "./words.js";

const CHUNK_S = 0.32;
const SENDING = ["doors", "live", "held"];

/** @param {string} id @returns {any} */
const at = (id) => document.getElementById(id);

const first = JSON.parse(at("door").textContent);
const base = `/live/${first.space}`;
const door = new Door(first, `${base}/door.json`);
const ear = new Ear(at("sound"), base);
const replay = new Replay(at("record"), () => moment());
let told = ""; // what the lock screen shows

door.addEventListener("change", state);
door.addEventListener("line", moment);
door.addEventListener("snapshot", (event) => {
  const { n } = event.detail;
  if (!ear.hearing || n === null) return;
  event.preventDefault();
  ear.later((n + 1) * CHUNK_S, [{ type: "door", state: event.detail }]);
});
ear.addEventListener("due", (event) => door.merge(event.detail));
ear.addEventListener("ask", () => door.soon());
ear.addEventListener("facts", moment);

at("play").addEventListener("click", toggle);
at("golive").addEventListener("click", () => {
  ear.goLive();
  at("play").focus(); // "Go live" vanishes
});
at("volume").addEventListener("input", loudness);
at("share").addEventListener("click", share);
loudness();
at("loudness").hidden = at("sound").volume === 1; // iOS leaves the volume to its buttons
at("volume").value = "1";
loudness();
state();

function state() {
  const status = shown(door.state);
  ear.open = SENDING.includes(status);
  if (status === "posted") replay.open(door.state.replay);
  showState(door.state);
  session();
  moment();
}

function moment() {
  const status = shown(door.state);
  const phase = replay.playing ? "playing" : "idle";
  const facts = status === "posted" ? { ...ear.facts, behindS: null, phase } : ear.facts;
  door.far = ear.hearing;
  showMoment(door.state, facts, door.nowMs, door.reachable);
}

function toggle() {
  if (shown(door.state) === "posted") replay.toggle();
  else if (["idle", "paused"].includes(ear.facts.phase)) ear.play();
  else ear.pause();
  moment();
}

function loudness() {
  const volume = Number(at("volume").value);
  for (const audio of [at("sound"), at("record")]) audio.volume = volume;
  at("volume").style.setProperty("--done", `${100 * volume}%`);
}

async function share() {
  const link = { title: door.state.title, url: location.href.split("#")[0] };
  try {
    if (navigator.share) await navigator.share(link);
    else {
      await navigator.clipboard.writeText(link.url);
      at("shared").textContent = "Link copied";
    }
  } catch {
    at("shared").textContent = link.url; // no right to the clipboard: show it, to be copied by hand
  }
}

/** The lock screen, the headset's keys, the car. */
function session() {
  const { mediaSession } = navigator;
  const { title, host, seats } = door.state;
  const posted = shown(door.state) === "posted";
  const artist = seats.map((seat) => seat.name).join(", ") || host;
  const about = { title: title || "A live conversation", artist, album: posted ? "Replay" : "Live" };
  if (!mediaSession || told === JSON.stringify(about)) return;
  told = JSON.stringify(about);
  mediaSession.metadata = new MediaMetadata(about);
  const actions = {
    play: () => (posted ? !replay.playing && replay.toggle() : ear.play()),
    pause: () => (posted ? replay.pause() : ear.pause()),
    stop: () => (posted ? replay.pause() : ear.pause()),
    seekbackward: posted ? () => replay.step(-15) : null,
    seekforward: posted ? () => replay.step(15) : null,
    seekto: posted ? (/** @type {any} */ detail) => replay.seek(detail.seekTime) : null,
  };
  for (const [name, action] of Object.entries(actions)) {
    try {
      mediaSession.setActionHandler(/** @type {any} */ (name), action);
    } catch {
      // an action that this browser does not know
    }
  }
}

setInterval(moment, 1000); // the countdown, also where the ear's own ticks are slowed down
