/** Before it begins: "Remind me" beside the calendar file, and what the visitor means to hear. */

import { make, on } from "../page.js";
import { t } from "../t.js";
import { shown } from "../words.js";
import { remember } from "./coming.js";
import { icon, press } from "./parts.js";

export class Entrance {
  #page;
  #button;
  #row = make("div", "row");

  /** @param {any} page  what main.js shares */
  constructor(page) {
    this.#page = page;
    this.#button = press("remind", () => this.#ask(), icon("bell"), t("Remind me"));
    this.#button.id = "remind";
    this.#row.hidden = true;
    on.calendar.before(this.#row);
    this.#row.append(this.#button, on.calendar);
    on.calendar.addEventListener("click", () => remember(page.state));
    on.play.addEventListener("click", () => {
      if (page.ear.wanted && shown(page.state) === "scheduled") remember(page.state);
    });
  }

  /** @param {import("../door.js").State} state */
  show(state) {
    this.#row.hidden = shown(state) !== "scheduled";
  }

  async #ask() {
    (await import("./remind.js")).showRemind(this.#page.state);
  }
}
