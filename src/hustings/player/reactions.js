/**
 * Reactions while live: seven buttons, and beside each how many of all listeners pressed it within
 * the last seconds. Edges add them up; one listener's presses are spread out.
 */

import { make, write } from "./page.js";
import { number, t } from "./t.js";
import { ask } from "./visitor.js";

const BURST_COUNT = 5; // presses at once
const EVERY_MS = 350; // and then one in this time: an edge takes five a second
const SHOWN_MS = 3000;
const CIRCLE = "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9 9.5v.5M15 9.5v.5";

/** What an edge counts, its name, and its drawing on a field of 24. */
const KINDS = [
  ["clap", t("Applause"), "M8 12V6.5a1.5 1.5 0 0 1 3 0V11M11 10.5v-6a1.5 1.5 0 0 1 3 0v6M14 10.5v-4a1.5 1.5 0 0 1 3 0V15a6 6 0 0 1-10.3 4.200L3.6 14a1.5 1.5 0 0 1 2.5-1.600L8 14.500M3.5 5 5 6.500M21.5 5 20 6.5"],
  ["heart", t("Love"), "M12 20.5 4.3 12.800a4.9 4.9 0 0 1 7-7l.7.7.7-.7a4.9 4.9 0 0 1 7 7z"],
  ["laugh", t("Laughter"), `${CIRCLE}M7.5 13.500h9a4.5 4.5 0 0 1-9 0z`],
  ["wow", t("Surprise"), `${CIRCLE}M12 13.500a2 2 0 1 0 0 4 2 2 0 0 0 0-4z`],
  ["sad", t("Sadness"), `${CIRCLE}M8.5 17a4 4 0 0 1 7 0`],
  ["yes", t("Yes"), "M4.5 12.5 10 18 19.5 7"],
  ["no", t("No"), "M6 6l12 12M18 6 6 18"],
];

/** Their names, by what an edge counts. */
export const REACTIONS = Object.fromEntries(KINDS.map(([kind, name]) => [kind, name]));

export class Reactions {
  #root;
  #url;
  #left = BURST_COUNT;
  /** @type {Map<string, {count: HTMLElement, face: any, timer: number}>} */
  #shown = new Map();

  /**
   * @param {HTMLElement} root
   * @param {string} base
   * @param {import("./door.js").Door} door
   */
  constructor(root, base, door) {
    this.#root = root;
    this.#url = `${base}/say`;
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", t("React"));
    root.append(...KINDS.map((kind) => this.#button(kind)));
    door.addEventListener("said", (event) => this.#sums(event.detail));
    setInterval(() => (this.#left = Math.min(BURST_COUNT, this.#left + 1)), EVERY_MS);
  }

  /** Whether one may react now. */
  set open(open) {
    this.#root.hidden = !open;
  }

  #button([what, name, drawing]) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(svg.namespaceURI, "path");
    path.setAttribute("d", drawing);
    svg.append(path);
    const count = make("span", "sum");
    const button = make("button", "react", svg, count);
    Object.assign(button, { type: "button", title: name });
    button.setAttribute("aria-label", name);
    button.addEventListener("click", () => this.#say(what));
    this.#shown.set(what, { count, face: button, timer: 0 });
    return button;
  }

  #say(what) {
    if (this.#left < 1) return;
    this.#left -= 1;
    this.#bump(what);
    ask(this.#url, { json: { kind: "reaction", what }, keepalive: true }).catch(() => {});
  }

  #sums(counts) {
    for (const [what, sum] of Object.entries(counts)) {
      const one = this.#shown.get(what);
      if (!one || !sum) continue;
      write(one.count, number(sum));
      clearTimeout(one.timer);
      one.timer = setTimeout(() => write(one.count, ""), SHOWN_MS);
      this.#bump(what);
    }
  }

  /** A small leap, for those who like motion (base.css). */
  #bump(what) {
    const face = this.#shown.get(what)?.face;
    face.classList.remove("leap");
    void face.offsetWidth; // so that the animation begins anew
    face.classList.add("leap");
  }
}
