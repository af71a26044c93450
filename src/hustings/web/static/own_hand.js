// One's own hand on stage: asking for the floor, and taking it back.

import { command } from "./command.js";
import { element, part, write } from "./page.js";
import { t } from "./t.js";

const button = element("own-hand");
let seat = "";
let up = false;

button?.addEventListener("click", () => void toggleHand());

/** Raise the hand, or lower it. */
export async function toggleHand() {
  if (!button || button.hidden) return;
  await command(up ? "DELETE" : "POST", `/seats/${seat}/hand`);
}

/**
 * @param {{hands_on_stage: string[]}} space
 * @param {string} own seat
 * @param {boolean} seated whether it is still ours, and on a stage
 */
export function showOwnHand(space, own, seated) {
  if (!button) return;
  seat = own;
  up = space.hands_on_stage.includes(own);
  button.hidden = !seated;
  button.dataset.up = String(up);
  write(part(button, "span"), up ? t("Lower your hand") : t("Raise your hand"));
}
