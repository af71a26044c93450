/**
 * Live captions: what is said, in words, below the stage, in step with the sound that this listener
 * hears. Loaded when somebody wants them; they come on a connection of their own.
 *
 * Words that come before their sound wait for it; those that come after it, as most do, are shown at
 * once. What is still being said is replaced under its id until it is final.
 *
 * @typedef {{seat: string, name: string, id: string, final: boolean, at_ms: number, end_ms: number,
 *   text: string}} Said
 */

import { make, on } from "./page.js";
import { kept } from "./people/parts.js";
import { Reader } from "./reader.js";
import { apart, t } from "./t.js";

const SHOWN_COUNT = 5;
const WAITING_COUNT = 200;
const OLD_MS = 20_000; // what was said so long ago is taken away
const TICK_MS = 100;

export class LiveCaptions {
  root = make("section", "livecaptions");
  #list = make("div", "said");
  #ear;
  #reader = null;
  /** @type {Said[]} */
  #waiting = [];
  /** @type {Map<string, {row: any, atMs: number}>} */
  #rows = new Map();
  #timer = 0;

  /** @param {import("./ear.js").Ear} ear */
  constructor(ear) {
    this.#ear = ear;
    const input = make("input");
    input.type = "checkbox";
    input.checked = kept.get("captions.aloud", false);
    const told = () => this.#list.setAttribute("aria-live", input.checked ? "polite" : "off");
    input.addEventListener("change", () => {
      kept.set("captions.aloud", input.checked || null);
      told();
    });
    told();
    this.root.id = "livecaptions";
    this.root.hidden = true;
    this.root.setAttribute("aria-label", t("Captions"));
    const label = make("label", "option", input, make("span", "", t("Announce captions to a screen reader")));
    this.root.append(this.#list, label);
    on.stage.after(this.root);
  }

  get open() {
    return !this.root.hidden;
  }

  set open(open) {
    if (open === this.open) return;
    this.root.hidden = !open;
    clearInterval(this.#timer);
    this.#reader?.close();
    this.#reader = null;
    if (!open) return;
    const items = (told) => this.#take(told);
    this.#reader = new Reader(`${this.#ear.base}/captions`, { items, refused: () => {} });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** @param {any[]} told */
  #take(told) {
    for (const said of told) {
      this.#waiting = this.#waiting.filter(({ id }) => id !== said.id);
      this.#waiting.push(said);
    }
    this.#waiting.splice(0, this.#waiting.length - WAITING_COUNT);
    this.#tick();
  }

  #tick() {
    const { hearing, head } = this.#ear;
    const heardMs = hearing || head.shifted ? (head.second ?? Infinity) * 1000 : Infinity;
    const due = this.#waiting.filter(({ at_ms: at }) => at <= heardMs);
    if (due.length) {
      this.#waiting = this.#waiting.filter((said) => !due.includes(said));
      due.forEach((said) => this.#show(said));
    }
    const nowMs = performance.now();
    for (const [id, { row, atMs }] of this.#rows) {
      if (nowMs - atMs < OLD_MS && this.#rows.size <= SHOWN_COUNT) continue;
      row.remove();
      this.#rows.delete(id);
    }
  }

  /** @param {Said} said */
  #show({ id, name, text, final }) {
    const old = this.#rows.get(id)?.row;
    if (!text) { // it was nothing after all
      old?.remove();
      this.#rows.delete(id);
      return;
    }
    const words = make("span", "", text);
    words.dir = "auto";
    const row = old ?? make("p");
    row.className = final ? "" : "partial";
    if (old) row.lastChild.replaceWith(words);
    else row.append(make("b", "", apart(name)), " ", words);
    this.#rows.set(id, { row, atMs: performance.now() });
    if (!old) this.#list.append(row);
  }
}
