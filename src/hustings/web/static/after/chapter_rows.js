// The chapters' form: a row at the playhead, a row less.

import { element, part } from "../page.js";
import { shown } from "./timecode.js";

/**
 * @param {import("./sound.js").Sound} sound
 */
export function wire(sound) {
  const place = element("chapters");
  place.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("button");
    const row = /** @type {HTMLElement | null} */ (button?.closest(".chapter-row") ?? null);
    const act = button?.dataset.act;
    if (act === "add") add(sound.ms);
    if (!row) return;
    const at = /** @type {HTMLInputElement} */ (part(row, "[name=at]"));
    if (act === "here") {
      at.value = shown(sound.ms);
      changed();
    } else if (act === "remove") {
      const beside = /** @type {HTMLElement | null} */ (row.nextElementSibling ?? row.previousElementSibling);
      row.remove();
      changed();
      (beside?.querySelector("input[name=title]") ?? element("chapter-add"))?.focus();
    }
  });
  place.addEventListener("input", changed);
}

/** A chapter begins at `ms`. @param {number} ms */
export function add(ms) {
  const rows = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".chapter-row"))];
  const title = (/** @type {HTMLElement} */ row) => /** @type {HTMLInputElement} */ (part(row, "[name=title]"));
  const free = rows.find((row) => !title(row).value && row.dataset.blank === "true");
  if (!free) return;
  const row = /** @type {HTMLElement} */ (free.cloneNode(true));
  for (const field of row.querySelectorAll("[id]")) field.removeAttribute("id");
  free.before(row);
  delete row.dataset.blank;
  /** @type {HTMLInputElement} */ (part(row, "[name=at]")).value = shown(ms);
  changed();
  title(row).focus();
}

function changed() {
  const part = /** @type {HTMLElement | null} */ (element("chapters").closest("[data-part]"));
  if (part) part.dataset.changed = "true";
}
