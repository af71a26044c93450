// The editor of a recording: sound, waveform, transcript and forms, brought together.

import { call } from "../api.js";
import { follow } from "../events.js";
import { element, part, write } from "../page.js";
import { t } from "../t.js";
import { add, wire as wireChapters } from "./chapter_rows.js";
import { Correcting } from "./correcting.js";
import { nearest, original } from "./cuts.js";
import { wire as wireErasing } from "./erasing.js";
import { wire as wireKeys } from "./keys.js";
import { Parts } from "./parts.js";
import { Selection } from "./selection.js";
import { Sentences } from "./sentences.js";
import { Sound } from "./sound.js";
import { shown } from "./timecode.js";
import { Wave } from "./wave.js";

const audio = /** @type {HTMLAudioElement} */ (element("audio"));
let { recording, space } = read();
const base = `/s/${space.id}/recording`;
const api = `/api/spaces/${space.id}`;
const sound = new Sound(audio);
const selection = new Selection();
const wave = new Wave(sound, selection);
const sentences = new Sentences(sound, selection);
const parts = new Parts();
let loaded = ""; // which files are shown

function read() {
  return JSON.parse(element("recording-data").textContent ?? "");
}

/** What is drawn into the waveform where the recording is not as it was spoken. */
function notes() {
  return recording.edits
    .filter((/** @type {any} */ one) => one.kind !== "trim" && one.state !== "undone")
    .map((/** @type {any} */ one) => ({ at_ms: one.at_ms, length_ms: one.end_ms - one.at_ms }));
}

function show() {
  selection.within(recording.duration_ms, recording.step_ms);
  const chapters = recording.chapters.map((/** @type {any} */ one) => one.at_ms);
  wave.show(recording.duration_ms, { chapters, notes: notes() });
  for (const field of document.querySelectorAll("input[name=revision]")) {
    /** @type {HTMLInputElement} */ (field).value = String(recording.revision);
  }
  time();
}

/** The files of this revision; another one may have others. */
async function load() {
  const which = `${recording.revision}-${recording.version}-${recording.transcript}-${recording.corrections}-${recording.making}`;
  if (which === loaded) return;
  loaded = which;
  const get = async (/** @type {string} */ address) => call("GET", address).catch(() => null);
  const [waveform, timeline, transcript] = await Promise.all([
    get(`${base}/waveform.json`), get(`${base}/timeline.json`), get(`${api}/recording/transcript`),
  ]);
  if (which !== loaded) return;
  wave.picture.take(timeline, waveform, recording.duration_ms);
  show();
  const { floor } = wave.picture;
  legend(floor.speakers);
  if (!transcript) return;
  sentences.show(transcript.sentences, (seat) => floor.of(seat)?.colour ?? 0);
  correcting.showLeftOut(transcript.left_out);
}

/** @param {{name: string, colour: number, talk_ms: number}[]} speakers */
function legend(speakers) {
  element("speakers").replaceChildren(...speakers.filter((one) => one.talk_ms).map((one) => {
    const row = document.createElement("li");
    row.className = `swatch s${one.colour}`;
    row.textContent = one.name;
    return row;
  }));
}

function time() {
  write(element("at"), shown(sound.ms));
  write(element("lasts"), shown(recording.duration_ms));
  const playing = sound.playing;
  element("play").dataset.playing = String(playing);
  element("play").ariaLabel = playing ? t("Pause") : t("Play");
}

/** The page's parts are new: what is heard and chosen moves along with what is published. */
function fresh() {
  const before = recording;
  ({ recording, space } = read());
  if (before.version !== recording.version || before.duration_ms !== recording.duration_ms) {
    const moved = (/** @type {number | null} */ ms, ends = false) => (
      ms === null ? null : nearest(recording.kept, original(before.kept, ms, ends))
    );
    const [from, to] = [moved(selection.from), moved(selection.to, true)];
    sound.change(`/s/${space.id}/recording.m4a?r=${recording.revision}`, moved(sound.ms) ?? 0);
    selection.within(recording.duration_ms, recording.step_ms);
    if (from !== null && from === to) selection.clear(); // it was cut out
    else selection.choose(from, to);
  }
  show();
  void load();
}

/** @param {Event} event */
function sent(event) {
  const form = /** @type {CustomEvent} */ (event).detail;
  if (form.id !== "stretch") return;
  for (const name of ["reason", "title"]) form.elements.namedItem(name).value = "";
}

/** @param {string} words */
function complain(words) {
  const told = document.createElement("p");
  told.className = "notice error";
  told.setAttribute("role", "alert");
  told.textContent = words;
  part(document, "[data-part=said]").replaceChildren(told);
  loaded = ""; // somebody else may have been quicker: what they wrote is to be seen
  parts.soon();
}

const correcting = new Correcting(api, sentences, complain);
const acts = {
  play: () => sound.toggle(),
  back: () => sound.seek(sound.ms - 5000),
  ahead: () => sound.seek(sound.ms + 5000),
  "play-stretch": () => selection.whole && sound.play(/** @type {number} */ (selection.from), /** @type {number} */ (selection.to)),
  "start-here": () => selection.choose(sound.ms, selection.to !== null && selection.to > sound.ms ? selection.to : null),
  "end-here": () => selection.choose(selection.from !== null && selection.from < sound.ms ? selection.from : 0, sound.ms),
  clear: () => selection.clear(),
};
for (const [id, act] of Object.entries(acts)) element(id).addEventListener("click", act);
wireKeys({
  " ": acts.play, k: acts.play, i: acts["start-here"], o: acts["end-here"], p: acts["play-stretch"],
  j: acts.back, l: acts.ahead, m: () => add(sound.ms), "+": () => wave.zoom(2), "-": () => wave.zoom(0.5),
  Escape: acts.clear,
});
wireErasing(selection, parts);
wireChapters(sound);
audio.removeAttribute("controls");
sound.addEventListener("moved", time);
selection.addEventListener("changed", () => {
  const { whole } = selection;
  for (const id of ["play-stretch", "clear"]) /** @type {HTMLButtonElement} */ (element(id)).disabled = !whole;
});
parts.addEventListener("fresh", fresh);
parts.addEventListener("sent", sent);
// Without this, Enter in the title of a clip would cut the stretch out.
element("clip-title").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  /** @type {HTMLElement} */ (element("clip-title").closest(".field")?.querySelector("button")).click();
});
document.addEventListener("click", (event) => {
  const place = /** @type {HTMLElement} */ (event.target).closest("[data-at]");
  if (!(place instanceof HTMLElement)) return;
  event.preventDefault();
  sound.seek(Number(place.dataset.at));
  wave.reveal(Number(place.dataset.at));
  if (place.dataset.end) selection.choose(Number(place.dataset.at), Number(place.dataset.end));
});
const nothing = () => {};

/** How far the archive is. @param {{part: string, done: number}} work */
function progress({ part: what, done }) {
  const bar = document.querySelector("[data-making] progress");
  if (!(bar instanceof HTMLProgressElement)) return;
  bar.value = done;
  const words = {
    sound: t("The sound is being made"), original: t("The original is being made anew"),
    clip: t("A clip is being made"), master: t("The mastered version is being made"),
  }[what];
  bar.setAttribute("aria-label", words ?? "");
  if (bar.nextElementSibling) bar.nextElementSibling.textContent = `${words ?? ""} · ${Math.floor(done * 100)} %`;
}
follow(api, {
  state: () => parts.soon(),
  levels: nothing, listening: nothing, crowd: nothing, warning: nothing, talk: nothing, tally: nothing,
  backstage: nothing, taken: nothing, refused: nothing, work: progress,
  online: (online) => {
    document.body.dataset.events = String(online);
  },
});
show();
void load();
