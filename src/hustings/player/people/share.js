/** Passing the page on: the device's own way, a link, a mail, and the moment of a recording. */

import { clock } from "../clock.js";
import { make, write } from "../page.js";
import { t } from "../t.js";
import { shown } from "../words.js";
import { dialog } from "./dialogs.js";
import { field, press, tell } from "./parts.js";

/** @param {any} page  what main.js shares */
export function showShare(page) {
  const { state, replay } = page;
  const address = location.href.split(/[?#]/)[0];
  const title = state.title || t("A live conversation");
  const second = shown(state) === "posted" ? Math.floor(replay?.second ?? 0) : 0;
  const link = field("input", t("Link to this page"), { readOnly: true, value: address });
  link.input.addEventListener("focus", () => link.input.select());
  const said = make("p", "soft");
  const at = make("input");
  at.type = "checkbox";
  at.addEventListener("change", () => (link.input.value = at.checked ? `${address}?t=${second}` : address));
  const moment = make("label", "option", at, make("span", "", t("Begin at {time}", { time: clock(second) })));
  moment.hidden = second < 1;
  const copy = press("primary", () => copied(link.input, said), t("Copy the link"));
  const mail = make("a", "button", t("Mail"));
  const body = () => `mailto:?subject=${encodeURIComponent(title)}&body=${encodeURIComponent(link.input.value)}`;
  mail.href = body();
  mail.addEventListener("click", () => (mail.href = body()));
  const more = press("", () => passed(title, link.input.value), t("More…"));
  more.hidden = !navigator.share;
  const shut = press("", () => made.close(), t("Close"));
  const made = dialog(
    t("Share this page"), make("div", "", link.name, link.input), moment,
    make("div", "row", copy, mail, more, shut), said,
  );
  copy.focus();
}

async function copied(input, said) {
  try {
    await navigator.clipboard.writeText(input.value);
    write(said, t("Link copied"));
  } catch {
    input.focus(); // no right to the clipboard: marked, to be copied by hand
    write(said, t("Copy the marked link"));
  }
  tell(said.textContent);
}

async function passed(title, url) {
  try {
    await navigator.share({ title, url });
  } catch {
    // the visitor thought better of it
  }
}
