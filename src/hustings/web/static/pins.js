// Links and posts above the chat.

import { command } from "./command.js";
import { element, keep, write } from "./page.js";
import { t } from "./t.js";
import { done } from "./toast.js";

/** @typedef {{id: string, text: string, url: string}} Pin */

const form = /** @type {HTMLFormElement | null} */ (element("pin-form"));
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = /** @type {HTMLInputElement} */ (element("pin-text"));
  const url = /** @type {HTMLInputElement} */ (element("pin-url"));
  if (await command("POST", "/pins", { text: text.value.trim(), url: url.value.trim() })) form.reset();
});

/** @param {Pin[]} pins */
export function showPins(pins) {
  keep(element("pins"), pins, "pin", make, () => {});
  keep(element("pinned"), pins, "pinned", (pin) => line(pin, "li"), () => {});
  element("pinned").hidden = !pins.length;
  write(element("pins-count"), String(pins.length));
}

/** @param {Pin} pin */
function make(pin) {
  const row = document.createElement("li");
  row.className = "between";
  const off = document.createElement("button");
  off.type = "button";
  off.dataset.act = "unpin";
  off.textContent = t("Unpin");
  off.ariaLabel = t("Unpin: {text}", { text: pin.text });
  off.addEventListener("click", async () => {
    if (!(await command("DELETE", `/pins/${pin.id}`))) return;
    done(t("It is no longer pinned."), () => command("POST", "/pins", { text: pin.text, url: pin.url }));
  });
  row.append(line(pin, "span"), off);
  return row;
}

/**
 * @param {Pin} pin
 * @param {"li" | "span"} tag
 */
function line(pin, tag) {
  const out = document.createElement(tag);
  if (!/^https?:/.test(pin.url)) {
    out.textContent = pin.text;
    return out;
  }
  const link = document.createElement("a");
  link.href = pin.url;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.textContent = pin.text;
  out.append(link);
  return out;
}
