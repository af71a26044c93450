// The editor's shortcuts: never while one writes, and they can be switched off (WCAG 2.1.4).

import { element } from "../page.js";

const KEPT = "hustings-shortcuts";
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

/**
 * @param {Record<string, () => void>} acts by key
 */
export function wire(acts) {
  document.addEventListener("keydown", (event) => {
    if (!on.checked || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (writes(target) || document.querySelector("dialog[open]")) return;
    // The space bar presses what has the focus.
    if (event.key === " " && target.closest("button, a, summary, select, input")) return;
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    if (!event.repeat) act();
  });
}

/** @param {HTMLElement} target */
function writes(target) {
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "range"].includes(target.type);
  return target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName);
}
