// Another program (OBS, ffmpeg) on this seat: its address and its key, when somebody asks for them.

import { call, Problem } from "./api.js";
import { element, write } from "./page.js";
import { t } from "./t.js";

/**
 * Show what a program needs. The page lets go of the seat, as it would for another page.
 * @param {string} space
 */
export function offerProgram(space) {
  const button = /** @type {HTMLButtonElement} */ (element("program-show"));
  const words = element("program-words");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const page = `program${Math.random().toString(36).slice(2, 10)}`;
      const right = await call("POST", `/api/spaces/${space}/ticket`, { page, program: true });
      show("program-url", right.whip_url);
      show("program-key", right.ticket);
      element("program-fields").hidden = false;
      const day = new Date(right.expires_at_ms).toLocaleDateString(document.documentElement.lang);
      write(words, t("The key works until {day}, or until the seat is taken away.", { day }));
      /** @type {HTMLInputElement} */ (element("program-url")).focus();
    } catch (error) {
      write(words, error instanceof Problem ? error.message : t("Something went wrong on this page."));
    }
    button.disabled = false;
  });
}

/**
 * @param {string} id
 * @param {string} value
 */
function show(id, value) {
  /** @type {HTMLInputElement} */ (element(id)).value = value;
}
