// Chapters of the recording, marked while it is made: a press, then a title.

import { command } from "./command.js";
import { comeBack, element } from "./page.js";
import { t } from "./t.js";
import { done } from "./toast.js";

const button = /** @type {HTMLElement | null} */ (element("chapter"));
const dialog = /** @type {HTMLDialogElement} */ (element("chapter-dialog"));
const name = /** @type {HTMLInputElement} */ (element("chapter-name"));

/** @param {string} status of the space */
export function showChapter(status) {
  if (!button) return;
  button.hidden = !["live", "held"].includes(status);
  if (button.hidden && dialog.open) dialog.close();
}

/** Ask for a title, if a chapter can begin now. */
export function askChapter() {
  if (!button || button.hidden || dialog.open) return;
  name.value = "";
  const back = comeBack();
  dialog.addEventListener("close", back, { once: true });
  dialog.showModal();
  name.focus();
}

button?.addEventListener("click", askChapter);
element("chapter-close")?.addEventListener("click", () => dialog.close());
element("chapter-form")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const title = name.value.trim();
  if (!title) return;
  dialog.close();
  if (await command("POST", "/recording/chapters", { title })) done(t("Chapter: {title}", { title }));
});
