// A sheet of what can be done with one seat, hand or message: one <dialog>, large buttons.

import { comeBack, element } from "./page.js";

const dialog = /** @type {HTMLDialogElement} */ (element("sheet"));
const buttons = element("sheet-buttons");
const reason = /** @type {HTMLInputElement} */ (element("sheet-reason"));
element("sheet-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close(); // beside it
});

/**
 * Let a host choose. Escape chooses nothing.
 * @param {{title: string, words?: string, reason?: boolean,
 *   options: {act: string, label: string, grave?: boolean}[]}} offer
 * @returns {Promise<{act: string, reason: string} | null>}
 */
export function choose(offer) {
  if (dialog.open) return Promise.resolve(null);
  element("sheet-title").textContent = offer.title;
  element("sheet-words").textContent = offer.words ?? "";
  element("sheet-words").hidden = !offer.words;
  element("sheet-field").hidden = !offer.reason;
  reason.value = "";
  return new Promise((resolve) => {
    /** @type {{act: string, reason: string} | null} */
    let chosen = null;
    const made = offer.options.map(({ act, label, grave }) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.act = act;
      button.textContent = label;
      button.classList.toggle("danger", Boolean(grave));
      button.addEventListener("click", () => {
        chosen = { act, reason: reason.value.trim() };
        dialog.close();
      });
      return button;
    });
    buttons.replaceChildren(...made);
    const back = comeBack();
    dialog.addEventListener("close", () => {
      back();
      resolve(chosen);
    }, { once: true });
    dialog.showModal();
    made[0]?.focus();
  });
}
