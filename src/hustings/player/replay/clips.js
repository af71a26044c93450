/** What hosts have picked out of the recording: clips, each with a page of its own. */

import { clock } from "../clock.js";
import { make } from "../page.js";
import { t } from "../t.js";
import { address } from "./facts.js";

export class Clips {
  root = make("section", "chapters card");
  #list = make("ol");

  constructor() {
    const heading = make("h2", "", t("Clips"));
    heading.id = "clipshead";
    this.root.setAttribute("aria-labelledby", heading.id);
    this.root.append(heading, this.#list);
  }

  /**
   * @param {string} space
   * @param {{id: string, at_ms: number, title: string}[]} clips  in order
   */
  show(space, clips) {
    this.root.hidden = !clips.length;
    this.#list.replaceChildren(...clips.map(({ id, at_ms: ms, title }) => {
      const name = make("span", "", title);
      name.dir = "auto";
      const link = make("a", "", make("span", "time", clock(ms / 1000)), name);
      link.href = address(`/c/${space}/${id}`);
      return make("li", "", link);
    }));
  }
}
