// The rehearsal: the green room as if it were live, before anybody is let in.

import { command } from "./command.js";
import { element, write } from "./page.js";
import { t } from "./t.js";

const button = element("rehearse");

button?.addEventListener("click", () => {
  void command("POST", "/rehearsal", { on: button.ariaPressed !== "true" });
});

/** @param {any} space @param {boolean} seated */
export function showRehearsal(space, seated) {
  const on = space.status === "scheduled" && Boolean(space.rehearsing);
  document.body.dataset.rehearsing = String(on);
  element("rehearsal").hidden = !on;
  if (!button) return;
  button.hidden = space.status !== "scheduled" || !seated;
  button.ariaPressed = String(on);
  write(button, on ? t("End the rehearsal") : t("Rehearse"));
}
