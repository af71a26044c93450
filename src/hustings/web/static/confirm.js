// Questions before what is grave: one <dialog>, two answers.

import { comeBack, element } from "./page.js";

const dialog = /** @type {HTMLDialogElement} */ (element("confirm"));
const yes = element("confirm-yes");
const no = element("confirm-no");

/**
 * Ask, and wait for the answer. Escape is a no.
 * @param {{title: string, words: string, yes: string, grave?: boolean, ready?: boolean}} question
 *   `ready`: the answer is likely yes, and has the focus
 * @returns {Promise<boolean>}
 */
export function ask(question) {
  if (dialog.open) return Promise.resolve(false);
  element("confirm-title").textContent = question.title;
  element("confirm-words").textContent = question.words;
  yes.textContent = question.yes;
  yes.classList.toggle("danger-yes", Boolean(question.grave));
  return new Promise((resolve) => {
    let answer = false;
    yes.onclick = () => {
      answer = true;
      dialog.close();
    };
    no.onclick = () => dialog.close();
    const back = comeBack();
    dialog.addEventListener("close", () => {
      back();
      resolve(answer);
    }, { once: true });
    dialog.showModal();
    (question.ready ? yes : no).focus();
  });
}
