// Beginning later, and not at all.

import { ask } from "./confirm.js";
import { command } from "./command.js";
import { element } from "./page.js";
import { t } from "./t.js";

const start = /** @type {HTMLInputElement} */ (element("delay-start"));
const reason = /** @type {HTMLInputElement} */ (element("delay-reason"));
const fold = /** @type {HTMLDetailsElement} */ (element("later"));

element("delay")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = { starts_at_ms: Date.parse(start.value), reason: reason.value };
  if (!(await command("POST", "/delay", body))) return;
  start.value = reason.value = "";
  fold.open = false;
});

element("cancel")?.addEventListener("click", async () => {
  const sure = await ask({
    title: t("Cancel this space?"),
    words: t("It will not take place. The link stays, and says so."),
    yes: t("Cancel the space"),
    grave: true,
  });
  if (sure) await command("POST", "/cancel", { reason: reason.value });
});

/** @param {boolean} open whether it is early enough */
export function showLater(open) {
  fold.hidden = !open;
}
