// The form of a new poll: a question, two to ten answers.

import { command } from "./command.js";
import { element } from "./page.js";
import { t } from "./t.js";

const LEAST = 2;
const form = /** @type {HTMLFormElement | null} */ (element("poll-form"));
const list = element("poll-options");
const add = element("poll-add");

/** @returns {HTMLInputElement[]} */
const fields = () => [...list.querySelectorAll("input")];

function one() {
  const count = fields().length;
  const field = document.createElement("input");
  field.name = "option";
  field.autocomplete = "off";
  field.maxLength = Number(list.dataset.chars);
  field.required = count < LEAST;
  field.ariaLabel = field.placeholder = t("Answer {number}", { number: count + 1 });
  list.append(field);
  add.hidden = count + 1 >= Number(list.dataset.max);
  return field;
}

if (form) {
  for (let count = 0; count < LEAST; count += 1) one();
  add.addEventListener("click", () => one().focus());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const question = /** @type {HTMLInputElement} */ (element("poll-question"));
    const multiple = /** @type {HTMLInputElement} */ (element("poll-multiple"));
    const show = /** @type {HTMLSelectElement} */ (element("poll-show"));
    const options = fields().map((field) => field.value.trim()).filter(Boolean);
    const body = { question: question.value.trim(), options, multiple: multiple.checked, show: show.value };
    if (!(await command("POST", "/polls", body))) return;
    form.reset();
    for (const field of fields().slice(LEAST)) field.remove();
    add.hidden = false;
    const fold = /** @type {HTMLDetailsElement} */ (element("poll-fold"));
    // What has the focus is about to be hidden.
    if (form.contains(document.activeElement)) fold.querySelector("summary")?.focus();
    fold.open = false;
  });
}
