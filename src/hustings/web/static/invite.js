// Inviting a speaker: the form, and the link that is shown once.

import { command } from "./command.js";
import { element, write } from "./page.js";
import { t } from "./t.js";

const form = element("invite");
const made = element("invite-made");

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = /** @type {HTMLInputElement} */ (element("invite-name"));
  const role = /** @type {HTMLSelectElement} */ (element("invite-role"));
  const answer = await command("POST", "/seats", { name: name.value, role: role.value });
  if (!answer) return;
  showLink(name.value, answer.link);
  name.value = "";
});

/**
 * @param {string} name
 * @param {string} link
 */
export function showLink(name, link) {
  const field = /** @type {HTMLInputElement} */ (element("invite-link"));
  field.value = link;
  write(element("invite-made-words"), t("Link for {name}", { name }));
  made.hidden = false;
  field.focus();
  field.select();
}

/** @param {boolean} open whether there is still something to invite to */
export function showInvite(open) {
  element("invite-fold").hidden = !open;
  if (!open) made.hidden = true;
}
