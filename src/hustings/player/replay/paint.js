/**
 * The waveform on a canvas: a bar for each stretch, in the colour of whoever speaks most of it, with
 * a strip below that shows the same. Colours come from the style sheet, so that they follow light,
 * dark, and colours that the system forces.
 */

const BAR_PX = 3;
const GAP_PX = 1;
const STRIP_PX = 4;
const LEAST_PX = 2; // a silent bar is still a place
const SHAPE = 0.62; // ears hear levels by ratio: quiet speech is to be seen, too
const AHEAD = 0.62; // how much of its colour has what was not heard yet

/**
 * @typedef {{from: number, to: number, level: number, colour: number}} Bar
 */

/**
 * The bars of a recording, as many as fit.
 * @param {number} width  in pixels of the page
 * @param {{step_ms: number, peaks: number[]} | null} waveform
 * @param {import("./who.js").Floor} floor
 * @returns {Bar[]}
 */
export function bars(width, waveform, floor) {
  const lasts = floor.lasts_ms;
  const count = Math.max(1, Math.floor(width / (BAR_PX + GAP_PX)));
  const peaks = waveform?.peaks ?? [];
  const step = waveform?.step_ms ?? 320;
  const most = Math.max(1, ...sample(peaks));
  const found = [];
  for (let at = 0; at < count; at += 1) {
    const [from, to] = [(at * lasts) / count, ((at + 1) * lasts) / count];
    const inside = peaks.slice(Math.floor(from / step), Math.max(Math.floor(from / step) + 1, Math.ceil(to / step)));
    const sum = inside.reduce((all, peak) => all + peak, 0);
    const mean = inside.length ? (sum / inside.length + Math.max(...inside)) / 2 : 0;
    const level = Math.min(1, mean / most) ** SHAPE;
    found.push({ from, to, level, colour: floor.most(from, to)?.colour ?? 0 });
  }
  return found;
}

/** Of a long list as many as one call takes. */
function sample(peaks) {
  const step = Math.ceil(peaks.length / 20_000);
  return step > 1 ? peaks.filter((_, at) => at % step === 0) : peaks;
}

export class Paint {
  #canvas;
  #context;
  #width = 0;
  #height = 0;
  #colours = [];

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
  }

  get width() {
    return this.#width;
  }

  /** Take the element's size and the style's colours anew. */
  measure() {
    const { width, height } = this.#canvas.getBoundingClientRect();
    const ratio = Math.min(3, globalThis.devicePixelRatio || 1);
    [this.#width, this.#height] = [width, height];
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    this.#context?.setTransform(ratio, 0, 0, ratio, 0, 0);
    const style = getComputedStyle(this.#canvas);
    const colour = (name) => style.getPropertyValue(name).trim();
    this.#colours = Array.from({ length: 9 }, (_, at) => colour(`--seat-${at}`));
    this.#colours.push(colour("--ink"), colour("--line"), colour("--warn"), colour("--accent"), colour("--sheet"));
  }

  /**
   * @param {Bar[]} bars
   * @param {{lasts: number, ms: number, hover: number | null, loaded: [number, number][],
   *   chapters: number[], hits: number[], notes: {at_ms: number | null, length_ms: number}[],
   *   rtl: boolean}} how  times in milliseconds
   */
  draw(bars, how) {
    const context = this.#context;
    if (!context || !this.#width) return;
    const [width, height] = [this.#width, this.#height];
    const [ink, line, warn, accent, sheet] = this.#colours.slice(9);
    const x = (ms) => (width * ms) / how.lasts;
    context.save();
    context.clearRect(0, 0, width, height);
    if (how.rtl) {
      context.translate(width, 0);
      context.scale(-1, 1);
    }
    const floor = height - STRIP_PX - 3;
    this.#notes(how.notes, x, floor, warn);
    for (const { from, to, level, colour } of bars) {
      context.globalAlpha = to <= how.ms ? 1 : AHEAD;
      context.fillStyle = this.#colours[colour];
      const tall = Math.max(LEAST_PX, level * (floor - 10));
      const wide = Math.max(1, x(to) - x(from) - GAP_PX);
      context.fillRect(x(from), floor - tall, wide, tall);
      if (colour) context.fillRect(x(from), height - STRIP_PX, x(to) - x(from), STRIP_PX);
    }
    context.globalAlpha = 1;
    context.fillStyle = line;
    for (const [from, to] of how.loaded) context.fillRect(x(from), floor + 1, x(to) - x(from), 1);
    context.fillStyle = accent;
    context.fillRect(0, floor + 1, x(how.ms), 1);
    for (const at of how.chapters) if (at > 0) this.#chapter(x(at), floor, ink);
    context.fillStyle = warn;
    for (const at of how.hits) diamond(context, x(at), 5);
    if (how.hover !== null) {
      context.globalAlpha = 0.5;
      context.fillStyle = ink;
      context.fillRect(x(how.hover) - 0.5, 0, 1, height);
      context.globalAlpha = 1;
    }
    const at = Math.min(Math.max(1, x(how.ms)), width - 1);
    context.fillStyle = sheet;
    context.fillRect(at - 2.5, 0, 5, height);
    context.fillStyle = ink;
    context.fillRect(at - 1, 0, 2, height);
    context.restore();
  }

  /** A flag where a chapter begins. */
  #chapter(x, floor, colour) {
    const context = this.#context;
    context.fillStyle = colour;
    context.globalAlpha = 0.35;
    context.fillRect(x, 0, 1, floor);
    context.globalAlpha = 1;
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x + 7, 0);
    context.lineTo(x, 7);
    context.fill();
  }

  /** What is not as it was spoken is hatched; a place where something is left out has a line. */
  #notes(notes, x, floor, colour) {
    const context = this.#context;
    context.strokeStyle = colour;
    context.fillStyle = colour;
    context.lineWidth = 1;
    for (const { at_ms: at, length_ms: length } of notes) {
      if (at === null) continue;
      const [from, to] = [x(at), Math.max(x(at) + 3, x(at + length))];
      context.save();
      context.beginPath();
      context.rect(from, 0, to - from, floor);
      context.clip();
      context.beginPath();
      for (let place = from - floor; place < to; place += 5) {
        context.moveTo(place, floor);
        context.lineTo(place + floor, 0);
      }
      context.stroke();
      context.restore();
      context.fillRect(from, 0, Math.max(3, to - from), 3);
    }
  }
}

function diamond(context, x, size) {
  context.beginPath();
  context.moveTo(x, 0);
  context.lineTo(x + size, size);
  context.lineTo(x, 2 * size);
  context.lineTo(x - size, size);
  context.fill();
}
