// The waveform: drag to choose a stretch, press to go somewhere, keys for both, closer or whole.

import { element, write } from "../page.js";
import { t } from "../t.js";
import { Picture } from "./picture.js";
import { shown } from "./timecode.js";
import { Window } from "./window.js";

const STEP_MS = 5000;
const LEAP_MS = 60_000;
const DRAG_PX = 4; // less is a press
const EDGE_PX = 10;
const ZOOM = 2;

/** Shows sound and selection, and changes both. */
export class Wave {
  picture;
  #window = new Window();
  #bar = element("wave");
  #stretch = element("stretch-shown");
  #sound;
  #selection;
  /** @type {{x: number, ms: number, edge: number | null, drags: boolean} | null} */
  #held = null;
  #lasts = 1;
  #marks = { chapters: /** @type {number[]} */ ([]), notes: /** @type {any[]} */ ([]) };
  #told = -1;

  /**
   * @param {import("./sound.js").Sound} sound
   * @param {import("./selection.js").Selection} selection
   */
  constructor(sound, selection) {
    [this.#sound, this.#selection] = [sound, selection];
    const canvas = /** @type {HTMLCanvasElement} */ (element("wave-canvas"));
    this.picture = new Picture(canvas);
    const bar = this.#bar;
    bar.addEventListener("pointerdown", (event) => this.#press(event));
    bar.addEventListener("pointermove", (event) => this.#move(event));
    bar.addEventListener("pointerup", (event) => this.#drop(event));
    bar.addEventListener("pointercancel", () => (this.#held = null));
    bar.addEventListener("keydown", (event) => this.#key(event));
    bar.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    element("zoom-in").addEventListener("click", () => this.zoom(ZOOM));
    element("zoom-out").addEventListener("click", () => this.zoom(1 / ZOOM));
    element("zoom-all").addEventListener("click", () => this.#whole());
    element("earlier").addEventListener("click", () => this.#pan(-0.5));
    element("later").addEventListener("click", () => this.#pan(0.5));
    sound.addEventListener("moved", () => this.#moved());
    selection.addEventListener("changed", () => this.#choose());
    new ResizeObserver(() => this.#anew()).observe(canvas);
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      matchMedia(query).addEventListener("change", () => this.#anew());
    }
  }

  /**
   * @param {number} lasts ms
   * @param {{chapters: number[], notes: {at_ms: number, length_ms: number}[]}} marks
   */
  show(lasts, marks) {
    this.#lasts = lasts;
    this.#marks = marks;
    this.#window.within(lasts);
    this.#bar.ariaValueMin = "0";
    this.#bar.ariaValueMax = String(Math.round(lasts / 1000));
    this.#anew();
  }

  /** @param {number} by above 1: closer */
  zoom(by, around = this.#selection.from ?? this.#sound.ms) {
    this.#window.zoom(by, around);
    this.#look();
  }

  /** Have a moment in sight. @param {number} ms */
  reveal(ms) {
    if (this.#window.reveal(ms)) this.#look();
  }

  #whole() {
    this.#window.whole();
    this.#look();
  }

  /** @param {number} part of what is seen */
  #pan(part) {
    this.#window.move(part * this.#window.length);
    this.#look();
  }

  #anew() {
    this.picture.measure();
    this.#look();
  }

  #look() {
    this.picture.look(this.#window);
    const { all, closest, from, to } = this.#window;
    for (const id of ["zoom-out", "zoom-all"]) element(id).ariaDisabled = String(all);
    element("zoom-in").ariaDisabled = String(closest);
    for (const id of ["earlier", "later"]) element(id).hidden = all;
    write(element("seen"), all ? "" : t("{from} – {to}", { from: shown(from), to: shown(to) }));
    this.#choose();
    this.#draw();
  }

  #moved() {
    if (this.#sound.playing && !this.#held) this.reveal(this.#sound.ms);
    this.#draw();
    const second = Math.floor(this.#sound.ms / 1000);
    if (second === this.#told) return;
    this.#told = second;
    this.#bar.ariaValueNow = String(second);
    const name = this.picture.floor.at(this.#sound.ms)?.name;
    const time = shown(this.#sound.ms);
    this.#bar.ariaValueText = name ? t("{time}, {name} speaks", { time, name }) : time;
  }

  #draw() {
    this.picture.draw(this.#window, { ms: this.#sound.ms, rtl: this.#rtl, ...this.#marks });
  }

  #choose() {
    const { from, to } = this.#selection;
    const { from: first, length } = this.#window;
    this.#stretch.hidden = from === null;
    if (from === null) return;
    const [low, high] = this.#selection.widened ?? [from, to ?? from];
    const part = (/** @type {number} */ ms) => Math.min(Math.max(0, (ms - first) / length), 1);
    this.#stretch.hidden = high < first || low > first + length;
    this.#stretch.style.setProperty("--from", String(part(low)));
    this.#stretch.style.setProperty("--to", String(part(high)));
  }

  get #rtl() {
    return getComputedStyle(this.#bar).direction === "rtl";
  }

  /** @param {MouseEvent} event */
  #place(event) {
    const { left, width } = this.#bar.getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (event.clientX - left) / width));
    return this.#window.from + (this.#rtl ? 1 - part : part) * this.#window.length;
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button) return;
    this.#bar.setPointerCapture(event.pointerId);
    const ms = this.#place(event);
    const { from, to, whole } = this.#selection;
    const near = (this.#window.length * EDGE_PX) / this.#bar.getBoundingClientRect().width;
    let edge = null; // what stays where it is
    if (whole && Math.abs(ms - /** @type {number} */ (from)) < near) edge = to;
    else if (whole && Math.abs(ms - /** @type {number} */ (to)) < near) edge = from;
    this.#held = { x: event.clientX, ms: edge ?? ms, edge, drags: false };
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.#held) return;
    if (!this.#held.drags && Math.abs(event.clientX - this.#held.x) < DRAG_PX) return;
    this.#held.drags = true;
    this.#selection.choose(this.#held.ms, this.#place(event));
  }

  /** @param {PointerEvent} event */
  #drop(event) {
    const held = this.#held;
    this.#held = null;
    if (!held || held.drags) return;
    if (event.shiftKey) this.#selection.choose(this.#selection.from ?? this.#sound.ms, this.#place(event));
    else this.#sound.seek(this.#place(event));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const ahead = this.#rtl ? -1 : 1;
    /** @type {Record<string, number>} */
    const steps = {
      ArrowRight: STEP_MS * ahead, ArrowLeft: -STEP_MS * ahead, ArrowUp: STEP_MS, ArrowDown: -STEP_MS,
      PageUp: LEAP_MS, PageDown: -LEAP_MS, Home: -this.#lasts, End: this.#lasts,
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const to = Math.min(Math.max(0, this.#sound.ms + step), this.#lasts);
    const began = this.#sound.ms;
    this.#sound.seek(to);
    this.reveal(to);
    if (!event.shiftKey) return;
    // What is not the end that moves stays.
    const { from, to: end } = this.#selection;
    const stays = from === null ? began : Math.abs((end ?? from) - began) <= Math.abs(from - began) ? from : (end ?? from);
    this.#selection.choose(stays, to);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? 1.3 : 1 / 1.3, this.#place(event));
    } else if (!this.#window.all && Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      this.#pan((this.#rtl ? -1 : 1) * event.deltaX / this.#bar.getBoundingClientRect().width);
    }
  }
}
