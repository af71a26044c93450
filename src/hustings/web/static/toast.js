// What was just done, and a way to undo it for ten seconds.

import { comeBack, element, write } from "./page.js";

const LASTS_S = 10;
const toast = element("toast");
const undo = element("toast-undo");
let left = 0;
/** Leads the focus back to where it was. */
let back = () => {};
/** @type {(() => Promise<any>) | null} */
let undoing = null;

/**
 * Tell what was done.
 * @param {string} words
 * @param {() => Promise<any>} [undoes] undoes it
 */
export function done(words, undoes) {
  undoing = undoes ?? null;
  left = LASTS_S;
  if (document.activeElement !== undo) back = comeBack();
  toast.hidden = false;
  undo.hidden = !undoing;
  write(element("toast-words"), words);
  show();
}

/** What was done last is undone no more: something else is being done to the same thing. */
export function settle() {
  if (undoing) hide();
}

/** Undo what was done last, if that is still offered. */
export async function undoLast() {
  const undoes = undoing;
  hide();
  await undoes?.();
}

function show() {
  write(element("toast-left"), undoing ? ` ${left}` : "");
}

function hide() {
  if (document.activeElement === undo) {
    undo.blur();
    back();
  }
  toast.hidden = true;
  undoing = null;
}

undo.addEventListener("click", () => void undoLast());
setInterval(() => {
  // Whoever is on the button has all the time they need.
  if (toast.hidden || toast.matches(":hover") || document.activeElement === undo) return;
  left -= 1;
  if (left <= 0) hide();
  else show();
}, 1000);
