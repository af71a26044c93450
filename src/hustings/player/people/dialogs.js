/** What asks before it is done, and what is reported: dialogs over the page. */

import { make } from "../page.js";
import { t } from "../t.js";
import { field, press, refuse, tell } from "./parts.js";

const REASON_CHARS = 280;
const REASONS = () => [
  t("Insults or hatred"), t("Spam or advertising"), t("Private information of somebody"),
  t("Something else"),
];

/**
 * A dialog, open; it is taken away when it closes, and the focus goes back to where it was.
 * @param {string} title
 * @param {...any} inside
 */
export function dialog(title, ...inside) {
  const before = /** @type {any} */ (document.activeElement);
  const heading = make("h2", "", title);
  heading.id = "dialog-title";
  const made = make("dialog", "sheet", heading, ...inside);
  made.setAttribute("aria-labelledby", heading.id);
  made.addEventListener("close", () => {
    made.remove();
    before?.focus?.();
  });
  made.addEventListener("click", (event) => event.target === made && made.close());
  document.body.append(made);
  made.showModal();
  return made;
}

/** Whether it is meant. @returns {Promise<boolean>} */
export function sure(question, text, label) {
  return new Promise((done) => {
    const quote = make("blockquote", "", text);
    quote.dir = "auto";
    let meant = false;
    const yes = press("danger", () => {
      meant = true;
      made.close();
    }, label);
    const no = press("", () => made.close(), t("Keep it"));
    const made = dialog(question, quote, make("div", "row", yes, no));
    made.addEventListener("close", () => done(meant));
    no.focus();
  });
}

/**
 * Tell those who keep order of a message, a question, a speaker or the whole conversation.
 * @param {import("./studio.js").Studio} studio
 * @param {[about: string, id: string, words: string][]} choices  what may be reported, in words
 * @param {string} [text]  what was said
 */
export function report(studio, choices, text) {
  const about = make("select", "", ...choices.map(([, , words], at) => new Option(words, String(at))));
  const what = field("select", t("What is it about?"));
  what.input.replaceWith(about);
  about.id = what.input.id;
  const radios = REASONS().map((words, at) => {
    const input = make("input");
    Object.assign(input, { type: "radio", name: "reason", value: words, checked: at === 0 });
    return make("label", "option", input, make("span", "", words));
  });
  const note = field("textarea", t("What happened? (optional)"), { maxLength: REASON_CHARS, rows: 3 });
  const send = make("button", "primary", t("Send the report"));
  const quote = make("blockquote", "", text ?? "");
  quote.dir = "auto";
  quote.hidden = !text;
  const form = make(
    "form", "stack", quote,
    ...(choices.length > 1 ? [make("div", "", what.name, about)] : []),
    make("fieldset", "", make("legend", "", t("Why?")), ...radios),
    make("div", "", note.name, note.input, note.error),
    make("p", "soft", t("Moderators read it. Nobody else learns who has reported.")),
    make("div", "row", send, press("", () => made.close(), t("Cancel"))),
  );
  const made = dialog(choices.length > 1 ? t("Report something") : choices[0][2], form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    const [kind, id] = choices[Number(about.value)];
    const why = form.querySelector("input:checked").value;
    const reason = [why, note.input.value.trim()].filter(Boolean).join(": ");
    try {
      await studio.ask("POST", "reports", { about: kind, id, reason });
      form.replaceChildren(
        make("p", "notice", t("Thank you. The report is with the moderators.")),
        press("primary", () => made.close(), t("Close")),
      );
      form.querySelector("button").focus();
      tell(t("Thank you. The report is with the moderators."));
    } catch (error) {
      send.disabled = false;
      refuse(note, error.message);
    }
  });
}
