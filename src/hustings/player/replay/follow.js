/**
 * A list that keeps the place that is heard in sight, unless its reader goes elsewhere: then a
 * button leads back.
 */

import { make } from "../page.js";
import { press } from "../people/parts.js";

const OWN_MS = 900; // a scroll within this of ours is ours: smooth ones take a while
const PART = 0.3; // of the height, where the place is put

export class Follower {
  root = make("div", "window");
  box = make("div", "scroll");
  following = true;
  #button;
  #now = null;
  #ownMs = -Infinity;

  /** @param {string} label  of the list  @param {string} back  of the button */
  constructor(label, back) {
    this.#button = press("fresh", () => this.back(), back);
    this.#button.hidden = true;
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "region");
    this.box.setAttribute("aria-label", label);
    this.root.append(this.box, this.#button);
    for (const name of ["wheel", "touchmove"]) {
      this.box.addEventListener(name, () => this.leave(), { passive: true });
    }
    this.box.addEventListener("scroll", () => performance.now() - this.#ownMs > OWN_MS && this.leave());
  }

  /** This row is heard now. @param {HTMLElement | null} row */
  to(row) {
    this.#now = row;
    this.#button.hidden = this.following || !row;
    if (this.following && row) this.bring(row, true);
  }

  /** The reader goes elsewhere. */
  leave() {
    this.following = false;
    this.#button.hidden = !this.#now;
  }

  back() {
    this.following = true;
    this.#button.hidden = true;
    if (this.#now) this.bring(this.#now, false);
    this.box.focus({ preventScroll: true });
  }

  /** Scroll the list, and not the page, to a row. */
  bring(row, smooth) {
    const away = this.#away(row);
    const { clientHeight } = this.box;
    const far = Math.abs(away) > 2 * clientHeight;
    if (Math.abs(away) < 8) return;
    this.#ownMs = performance.now();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.box.scrollBy({ top: away, behavior: smooth && !far && !calm ? "smooth" : "instant" });
    // What was not drawn before has its true height only now.
    if (far) requestAnimationFrame(() => this.box.scrollBy({ top: this.#away(row), behavior: "instant" }));
  }

  #away(row) {
    const { top, height } = this.box.getBoundingClientRect();
    return row.getBoundingClientRect().top - top - height * PART;
  }
}
