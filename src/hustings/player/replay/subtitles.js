/** Captions of the recording: the browser's own text track, shown below the waveform when wanted. */

import { make, write } from "../page.js";
import { kept } from "../people/parts.js";
import { address } from "./facts.js";

export class Subtitles {
  root = make("p", "subtitles");
  #audio;
  #track = null;
  #file = "";

  /** @param {HTMLAudioElement} audio */
  constructor(audio) {
    this.#audio = audio;
    this.root.id = "subtitles";
    this.root.hidden = true;
    this.root.dir = "auto";
  }

  get wanted() {
    return Boolean(kept.get("captions", false));
  }

  set wanted(wanted) {
    kept.set("captions", wanted || null);
    this.#turn();
  }

  /** @param {string} url  of the WebVTT file, or empty  @param {string} language */
  show(url, language) {
    const file = url && address(url);
    if (file === this.#file) return;
    this.#file = file;
    this.#track?.remove();
    this.#track = null;
    if (file) {
      const track = (this.#track = make("track"));
      Object.assign(track, { kind: "captions", srclang: language || "en", label: language || "en" });
      track.src = file;
      this.root.lang = language || "en";
      this.#audio.append(track);
      track.track.addEventListener("cuechange", () => this.#cue());
    }
    this.#turn();
  }

  #turn() {
    const shown = Boolean(this.#track) && this.wanted;
    this.root.hidden = !shown;
    if (!this.#track) return;
    this.#track.track.mode = shown ? "hidden" : "disabled"; // loaded and timed, drawn by us
    this.#cue();
  }

  #cue() {
    const cues = [...(this.#track?.track.activeCues ?? [])];
    const words = cues.map((cue) => cue.getCueAsHTML().textContent.trim());
    write(this.root, words.slice(-2).join("\n"));
  }
}
