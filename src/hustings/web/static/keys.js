// Keyboard shortcuts: never while one writes, and they can be switched off (WCAG 2.1.4).

import { element } from "./page.js";

const KEPT = "hustings-shortcuts";
const help = /** @type {HTMLDialogElement} */ (element("help"));
const on = /** @type {HTMLInputElement} */ (element("shortcuts-on"));

try {
  on.checked = localStorage.getItem(KEPT) !== "off";
} catch {
  // Private windows may keep nothing: they are on.
}
on.addEventListener("change", () => {
  try {
    localStorage.setItem(KEPT, on.checked ? "on" : "off");
  } catch {
    // As above.
  }
});
element("help-open").addEventListener("click", () => help.showModal());
element("help-close").addEventListener("click", () => help.close());

/**
 * @param {Record<string, () => void>} acts by key
 */
export function listen(acts) {
  /** @type {Record<string, () => void>} */
  const all = { ...acts, "?": () => help.showModal() };
  document.addEventListener("keydown", (event) => {
    if (!on.checked || event.defaultPrevented || event.repeat) return;
    if (event.ctrlKey || event.metaKey || event.altKey || writes(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const act = all[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** @param {EventTarget | null} target */
function writes(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "range"].includes(target.type);
  return target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName);
}
