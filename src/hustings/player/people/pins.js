/**
 * What the hosts have pinned, and that a poll is open: a line or two
 * where one writes, so that the messages above stay where they are.
 */

import { make } from "../page.js";
import { t } from "../t.js";
import { away, icon, press } from "./parts.js";

/**
 * @param {HTMLElement} root
 * @param {import("./talk.js").Room["pins"]} pins
 * @param {import("./talk.js").Poll[]} polls
 * @param {() => void} vote  leads to the polls
 */
export function showPins(root, pins, polls, vote) {
  const open = polls.filter(({ closed }) => !closed);
  const text = JSON.stringify([pins, open.map(({ id }) => id)]);
  if (root.dataset.text === text) return;
  root.dataset.text = text;
  const asked = open.map(({ question }) => make(
    "p", "pin", icon("poll"), make("bdi", "", question), press("small", vote, t("Vote")),
  ));
  root.replaceChildren(...asked, ...pins.map(pinned));
}

function pinned({ text, url }) {
  const safe = /^https?:\/\//.test(url);
  const label = text || url;
  const body = safe ? away(label, url) : make("span", "", label);
  body.dir = "auto";
  return make("p", "pin", icon("pin"), body);
}
