// Commands to the studio: carried out, and what goes wrong is said in a sentence.

import { call, Problem, SIGNED_OUT } from "./api.js";
import { element, write } from "./page.js";
import { t } from "./t.js";
import { done } from "./toast.js";

/** Where the space of this page is in the API. */
export const SPACE = `/api/spaces/${JSON.parse(element("state").textContent ?? "").space.id}`;

/**
 * Carry a command out. The space after it is shown at once.
 * @param {string} method
 * @param {string} path below the space
 * @param {object} [body]
 * @returns {Promise<any>} the answer, or `true` without one; null if it went wrong
 */
export async function command(method, path, body) {
  element("notice").hidden = true;
  try {
    const answer = await call(method, SPACE + path, body);
    if (answer?.status && answer.seats) {
      document.dispatchEvent(new CustomEvent("space", { detail: answer }));
    }
    return answer ?? true;
  } catch (error) {
    // Somebody else was quicker: it is as wanted, which is no complaint.
    if (error instanceof Problem && error.code === "done") done(error.message);
    else complain(sentence(error));
    return null;
  }
}

/**
 * @param {string} words what went wrong
 * @param {string} [code] of something that may be over by itself
 */
export function complain(words, code = "") {
  const notice = element("notice");
  write(notice, words);
  notice.dataset.code = code;
  notice.hidden = false;
}

/** @param {string} code what was complained of is over */
export function settled(code) {
  const notice = element("notice");
  if (notice.dataset.code === code) notice.hidden = true;
}

/** @param {unknown} error */
function sentence(error) {
  if (!(error instanceof Problem)) return t("Something went wrong on this page.");
  return error.status === 401 ? SIGNED_OUT : error.message;
}
