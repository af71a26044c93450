// Questions before what cannot be undone: one <dialog>, two answers.

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("confirm"));
const title = /** @type {HTMLElement} */ (document.getElementById("confirm-title"));
const words = /** @type {HTMLElement} */ (document.getElementById("confirm-words"));
const yes = /** @type {HTMLButtonElement} */ (document.getElementById("confirm-yes"));
const no = /** @type {HTMLButtonElement} */ (document.getElementById("confirm-no"));

/**
 * Ask, and wait for the answer. Escape is a no.
 * @param {{title: string, words: string, yes: string, grave?: boolean}} question
 * @returns {Promise<boolean>}
 */
export function ask(question) {
  title.textContent = question.title;
  words.textContent = question.words;
  yes.textContent = question.yes;
  yes.classList.toggle("danger-yes", Boolean(question.grave));
  return new Promise((resolve) => {
    let answer = false;
    yes.onclick = () => {
      answer = true;
      dialog.close();
    };
    no.onclick = () => dialog.close();
    dialog.addEventListener("close", () => resolve(answer), { once: true });
    dialog.showModal();
    no.focus();
  });
}
