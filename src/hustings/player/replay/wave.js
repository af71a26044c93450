/**
 * The waveform as the bar to go along: by pointer, by finger, by keyboard. What lies under the
 * pointer is told: the time, who speaks, and the sentence. A screen reader hears the same.
 */

import { clock, spoken } from "../clock.js";
import { make, write } from "../page.js";
import { apart, t } from "../t.js";
import { bars, Paint } from "./paint.js";

const STEP_S = 5;
const LEAP_S = 60;

export class Wave {
  root = make("div", "wavebox");
  #bar = make("div", "wave");
  #tip = make("div", "tip");
  #canvas = make("canvas");
  #paint;
  #player;
  #floor;
  #waveform = null;
  #bars = [];
  #hover = null;
  #dragged = null;
  #sentence = (_ms) => "";
  #chapters = [];
  #notes = [];
  #hits = [];
  #toldS = -1;
  #drawn = "";

  /**
   * @param {any} player  what is gone along in (replay.js)
   * @param {HTMLAudioElement} audio
   */
  constructor(player, audio) {
    this.#player = player;
    const bar = this.#bar;
    bar.id = "wave";
    bar.tabIndex = 0;
    bar.setAttribute("role", "slider");
    bar.setAttribute("aria-label", t("Position"));
    bar.setAttribute("aria-valuemin", "0");
    this.#tip.setAttribute("aria-hidden", "true");
    this.#tip.hidden = true;
    bar.append(this.#canvas);
    this.root.append(bar, this.#tip);
    this.#paint = new Paint(this.#canvas);
    bar.addEventListener("keydown", (event) => this.#key(event));
    bar.addEventListener("pointerdown", (event) => this.#press(event));
    bar.addEventListener("pointermove", (event) => this.#move(event));
    bar.addEventListener("pointerup", () => this.#drop());
    bar.addEventListener("pointercancel", () => this.#leave());
    bar.addEventListener("pointerleave", () => this.#dragged ?? this.#leave());
    bar.addEventListener("focus", () => this.#focus());
    bar.addEventListener("blur", () => this.#leave());
    audio.addEventListener("progress", () => this.#again());
    new ResizeObserver(() => this.#size()).observe(this.#canvas);
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      matchMedia(query).addEventListener("change", () => this.#size());
    }
    this.audio = audio;
  }

  /**
   * @param {import("./who.js").Floor} floor
   * @param {{step_ms: number, peaks: number[]} | null} waveform
   * @param {{at_ms: number}[]} chapters
   * @param {{at_ms: number | null, length_ms: number, text: string}[]} notes
   * @param {(ms: number) => string} sentence  what is said at a moment
   */
  show(floor, waveform, chapters, notes, sentence) {
    this.#floor = floor;
    this.#waveform = waveform;
    this.#chapters = chapters;
    this.#notes = notes;
    this.#sentence = sentence;
    this.#bar.setAttribute("aria-valuemax", String(Math.round(floor.lasts_ms / 1000)));
    this.#size();
    this.#toldS = -1;
    this.at(this.#player.second * 1000);
  }

  /** Mark moments that were searched for. @param {number[]} hits  milliseconds */
  mark(hits) {
    this.#hits = hits;
    this.#again();
  }

  /** It plays at `ms`. */
  at(ms) {
    if (!this.#floor) return;
    const second = Math.floor(ms / 1000);
    if (second !== this.#toldS) {
      this.#toldS = second;
      this.#bar.setAttribute("aria-valuenow", String(second));
      this.#bar.setAttribute("aria-valuetext", this.#told(ms));
    }
    this.#draw(ms);
  }

  #told(ms) {
    const who = this.#floor.at(ms);
    const time = spoken(ms / 1000);
    return who ? t("{time}, {name} speaks", { time, name: who.name }) : time;
  }

  #size() {
    this.#paint.measure();
    if (this.#floor) this.#bars = bars(this.#paint.width, this.#waveform, this.#floor);
    this.#again();
  }

  #again() {
    this.#drawn = "";
    if (this.#floor) this.#draw(this.#player.second * 1000);
  }

  #draw(ms) {
    const lasts = this.#floor.lasts_ms;
    const shown = this.#dragged ?? ms;
    const key = `${Math.round((this.#paint.width * 2 * shown) / lasts)} ${this.#hover}`;
    if (key === this.#drawn) return;
    this.#drawn = key;
    const { buffered } = this.audio;
    this.#paint.draw(this.#bars, {
      lasts,
      ms: shown,
      hover: this.#hover,
      loaded: Array.from({ length: buffered.length }, (_, at) => [1000 * buffered.start(at), 1000 * buffered.end(at)]),
      chapters: this.#chapters.map(({ at_ms: at }) => at),
      hits: this.#hits,
      notes: this.#notes,
      rtl: this.#rtl,
    });
  }

  get #rtl() {
    return getComputedStyle(this.#bar).direction === "rtl";
  }

  #key(event) {
    const { key, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey) return;
    const ahead = this.#rtl ? -STEP_S : STEP_S;
    const step = {
      ArrowRight: ahead, ArrowLeft: -ahead, ArrowUp: STEP_S, ArrowDown: -STEP_S,
      PageUp: LEAP_S, PageDown: -LEAP_S,
    }[key];
    if (step) this.#player.step(step);
    else if (key === "Home") this.#player.seek(0);
    else if (key === "End") this.#player.seek(this.#player.seconds);
    else return;
    event.preventDefault();
    event.stopPropagation();
    const ms = this.#player.second * 1000;
    this.#toldS = -1;
    this.at(ms);
    this.#show(ms);
  }

  #place(event) {
    const { left, width } = this.#bar.getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (event.clientX - left) / width));
    return (this.#rtl ? 1 - part : part) * this.#floor.lasts_ms;
  }

  #press(event) {
    if (event.button || !this.#floor) return;
    this.#bar.setPointerCapture(event.pointerId);
    this.#dragged = this.#place(event);
    this.#show(this.#dragged);
  }

  #move(event) {
    if (!this.#floor) return;
    const ms = this.#place(event);
    if (this.#dragged !== null) this.#dragged = ms;
    this.#show(ms);
  }

  #drop() {
    if (this.#dragged === null) return;
    const ms = this.#dragged;
    this.#dragged = null;
    this.#player.seek(ms / 1000);
    this.#leave();
  }

  #focus() {
    if (this.#bar.matches(":focus-visible")) this.#show(this.#player.second * 1000);
  }

  #leave() {
    this.#dragged = this.#hover = null;
    this.#tip.hidden = true;
    this.#again();
  }

  /** Tell what is at a moment. */
  #show(ms) {
    this.#hover = ms;
    const lasts = this.#floor.lasts_ms;
    const who = this.#floor.at(ms);
    const chapter = this.#chapters.findLast(({ at_ms: at }) => at <= ms);
    const [near] = this.#notes.filter(({ at_ms: at, length_ms: length }) => (
      at !== null && Math.abs(ms - Math.min(Math.max(ms, at), at + length)) < (4 * lasts) / this.#paint.width
    ));
    const head = make("b", "", clock(ms / 1000));
    const name = make("span", who ? `swatch s${who.colour}` : "", who ? apart(who.name) : "");
    const rest = [near?.text, this.#sentence(ms), chapter?.title].find(Boolean) ?? "";
    const words = make("span", "words", rest);
    words.dir = "auto";
    this.#tip.replaceChildren(make("span", "", head, " ", name), ...(rest ? [words] : []));
    this.#tip.hidden = false;
    const part = ms / lasts;
    this.#tip.style.insetInlineStart = `${100 * part}%`;
    this.#tip.style.setProperty("--part", String(this.#rtl ? -part : part));
    this.#draw(this.#player.second * 1000);
  }
}

/** The words under the waveform: who speaks now. */
export class Now {
  root = make("p", "now");
  #at = make("span", "at");
  #name = make("span", "speaks");
  #total = make("span", "total");

  constructor() {
    this.#at.id = "at";
    this.#total.id = "total";
    this.root.append(this.#at, this.#name, this.#total);
  }

  show(ms, floor, speed) {
    write(this.#at, clock(ms / 1000));
    const lasts = floor.lasts_ms / 1000;
    const left = (lasts - ms / 1000) / speed;
    write(this.#total, speed === 1 ? clock(lasts) : t("{total} · {left} left", { total: clock(lasts), left: clock(left) }));
    const who = floor.at(ms);
    this.#name.className = who ? `speaks swatch s${who.colour}` : "speaks";
    write(this.#name, who ? apart(who.name) : "");
  }
}

/** Which colour is whose. */
export class Legend {
  root = make("ul", "legend");

  /** @param {import("./who.js").Floor} floor */
  show(floor) {
    const spoke = floor.speakers.filter(({ talk_ms: ms }) => ms > 0);
    this.root.hidden = !spoke.length;
    this.root.setAttribute("aria-label", t("Colours of the speakers"));
    this.root.replaceChildren(...spoke.map((who) => make("li", `swatch s${who.colour}`, apart(who.name))));
  }
}
