// What is said when the microphone goes away and comes back: unplugged, or in a telephone call's hands.

import { microphoneProblem } from "./mic.js";
import { element, write } from "./page.js";
import { t } from "./t.js";

const place = element("unplugged");
const words = element("mic-words");

/**
 * Say it whenever it happens.
 * @param {import("./mic.js").Microphone} mic
 * @param {() => void} changed
 */
export function noticeMicrophone(mic, changed) {
  mic.addEventListener("unplugged", (event) => {
    unplugged(mic, /** @type {CustomEvent} */ (event).detail);
    changed();
  });
  mic.addEventListener("back", () => {
    back(t("{name} is back and in use.", { name: mic.label }));
    changed();
  });
  mic.addEventListener("held", () => {
    write(place, t("Another app has your microphone, such as a telephone call: nobody hears you. You are back by yourself when it ends."));
    place.hidden = false;
    changed();
  });
  mic.addEventListener("free", () => {
    back(t("Your microphone is back: you are heard again."));
    changed();
  });
}

/**
 * @param {import("./mic.js").Microphone} mic
 * @param {unknown} problem why no other one was opened
 */
function unplugged(mic, problem) {
  const said = { name: mic.missing, other: mic.label };
  const forbidden = problem instanceof DOMException && problem.name === "NotAllowedError";
  write(place, forbidden ? microphoneProblem(problem) : mic.on
    ? t("{name} was unplugged. {other} is used until it is back.", said)
    : t("{name} was unplugged: nobody hears you. Plug it in again, and it goes on by itself.", said));
  place.hidden = false;
}

/** @param {string} sentence */
function back(sentence) {
  place.hidden = true;
  words.textContent = sentence;
  words.classList.remove("wrong");
}
