// What was just done, and a way to undo it for ten seconds.

import { element, write } from "./page.js";

const LASTS_S = 10;
const toast = element("toast");
const undo = element("toast-undo");
let left = 0;
/** @type {Element | null} what had the focus */
let from = null;
/** @type {(() => Promise<any>) | null} */
let undoing = null;

/**
 * Tell what was done.
 * @param {string} words
 * @param {() => Promise<any>} [back] undoes it
 */
export function done(words, back) {
  undoing = back ?? null;
  left = LASTS_S;
  from = document.activeElement;
  toast.hidden = false;
  undo.hidden = !undoing;
  write(element("toast-words"), words);
  show();
}

/** Undo what was done last, if that is still offered. */
export async function undoLast() {
  const back = undoing;
  hide();
  await back?.();
}

function show() {
  write(element("toast-left"), undoing ? ` ${left}` : "");
}

function hide() {
  const focused = document.activeElement === undo;
  toast.hidden = true;
  undoing = null;
  if (focused && from instanceof HTMLElement && from.isConnected) from.focus();
}

undo.addEventListener("click", () => void undoLast());
setInterval(() => {
  // Whoever is on the button has all the time they need.
  if (toast.hidden || toast.matches(":hover") || document.activeElement === undo) return;
  left -= 1;
  if (left <= 0) hide();
  else show();
}, 1000);
