// Erasing for good: a dialog of its own, which says what it means and wants a word.

import { comeBack, element, part, write } from "../page.js";
import { t } from "../t.js";
import { seconds } from "./selection.js";
import { shown } from "./timecode.js";

const dialog = /** @type {HTMLDialogElement} */ (element("erase"));

/**
 * @param {import("./selection.js").Selection} selection
 * @param {import("./parts.js").Parts} parts
 */
export function wire(selection, parts) {
  const form = /** @type {HTMLFormElement} */ (part(dialog, "form"));
  const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
  const button = /** @type {HTMLButtonElement} */ (element("erase-open"));
  const show = () => (button.disabled = !selection.whole);
  selection.addEventListener("changed", show);
  show();
  button.addEventListener("click", () => {
    const span = selection.widened;
    if (!span) return;
    field("start").value = shown(span[0]);
    field("end").value = shown(span[1]);
    field("word").value = "";
    write(element("erase-span"), t("{from} – {to}, {length} s", {
      from: shown(span[0]), to: shown(span[1]), length: seconds(span[1] - span[0]),
    }));
    const back = comeBack();
    dialog.addEventListener("close", back, { once: true });
    dialog.showModal();
    field("seat").focus();
  });
  element("erase-close").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", () => dialog.close());
  parts.addEventListener("sent", (event) => {
    if (/** @type {CustomEvent} */ (event).detail === form) form.reset();
  });
}
