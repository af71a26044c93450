/** The chapters as a list: each leads to its place, and the one that is heard is marked. */

import { clock } from "../clock.js";
import { make } from "../page.js";
import { t } from "../t.js";
import { at } from "./moment.js";

const AGAIN_S = 3; // into a chapter, from which on "before" goes to its beginning

export class Chapters {
  root = make("section", "chapters card");
  #list = make("ol");
  #player;
  #all = [];
  #now = -1;

  /** @param {any} player */
  constructor(player) {
    this.#player = player;
    const heading = make("h2", "", t("Chapters"));
    heading.id = "chaptershead";
    this.root.setAttribute("aria-labelledby", heading.id);
    this.root.append(heading, this.#list);
    this.#list.addEventListener("click", (event) => this.#go(event));
  }

  /** @param {{at_ms: number, title: string}[]} chapters */
  show(chapters) {
    this.#all = chapters;
    this.#now = -1;
    this.root.hidden = chapters.length < 2;
    this.#list.replaceChildren(...chapters.map(({ at_ms: ms, title }, index) => {
      const name = make("span", "", title);
      name.dir = "auto";
      const link = make("a", "", make("span", "time", clock(ms / 1000)), name);
      link.href = at(ms / 1000);
      link.dataset.index = String(index);
      return make("li", "", link);
    }));
  }

  at(ms) {
    const now = this.#all.findLastIndex(({ at_ms: at }) => at <= ms);
    if (now === this.#now) return;
    this.#list.children[this.#now]?.firstChild.removeAttribute("aria-current");
    this.#list.children[now]?.firstChild.setAttribute("aria-current", "true");
    this.#now = now;
  }

  /** To the next chapter, or to the beginning of this one or the one before. */
  step(by) {
    const second = this.#player.second;
    const now = this.#all.findLastIndex(({ at_ms: at }) => at <= 1000 * second + 50);
    const into = second - (this.#all[now]?.at_ms ?? 0) / 1000;
    const to = by < 0 && into > AGAIN_S ? now : now + by;
    if (to >= this.#all.length) return;
    this.#player.seek((this.#all[Math.max(0, to)]?.at_ms ?? 0) / 1000);
  }

  #go(event) {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    this.#player.seek(this.#all[Number(link.dataset.index)].at_ms / 1000);
    if (!this.#player.playing) this.#player.toggle();
  }
}
