// Noise suppression: switched per seat, on the stage. The browser's own stays as it is.

import { command } from "./command.js";
import { element } from "./page.js";

/** Whether this installation has any. */
export const DENOISE = Boolean(JSON.parse(element("state").textContent ?? "").denoise);

const box = /** @type {HTMLInputElement | null} */ (document.getElementById("own-denoise"));
let seat = "";

box?.addEventListener("change", async () => {
  const wanted = box.checked;
  if (!(await denoise(seat, wanted))) box.checked = !wanted;
});

/**
 * Suppress a seat's noise, or let it be.
 * @param {string} of the seat
 * @param {boolean} on
 * @returns {Promise<any>} null when it was refused
 */
export function denoise(of, on) {
  return command("PUT", `/seats/${of}/denoise`, { on });
}

/**
 * Show how it stands with one's own seat.
 * @param {{seats: import("./seats.js").Seat[]}} space
 * @param {string} own seat
 */
export function showOwnDenoise(space, own) {
  if (!box) return;
  seat = own;
  const mine = space.seats.find(({ id }) => id === own);
  box.disabled = !mine;
  box.checked = Boolean(mine?.denoised);
}
