/**
 * The keyboard over the whole page, as players have it, and the sheet that tells of it. Keys of one
 * letter can be switched off, for those who speak to their computer (WCAG 2.1.4).
 */

import { make } from "../page.js";
import { icon, kept, press } from "../people/parts.js";
import { t } from "../t.js";
import { STEP_S } from "./deck.js";

const KEYS = () => [
  [[t("Space bar"), "K"], t("Play or pause")],
  [["J", "L"], t("{n} seconds back, ahead", { n: STEP_S })],
  [["←", "→"], t("{n} seconds back, ahead", { n: 5 })],
  [["<", ">"], t("Slower, faster")],
  [["[", "]"], t("Previous chapter, next chapter")],
  [["S"], t("Skip silence")],
  [["C"], t("Captions")],
  [["/"], t("Search what was said")],
  [["0 – 9"], t("To that tenth of the recording")],
  [["?"], t("This list")],
];

/**
 * @param {any} player
 * @param {Record<string, () => void>} acts  by key
 */
export function listen(player, acts) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = /** @type {any} */ (event.target);
    if (target.closest("input, select, textarea, [contenteditable], dialog")) return;
    const { key } = event;
    if (key === "?") acts["?"]();
    else if (kept.get("keys", true) === false) return;
    else if (key === " " && target.closest("button, a, summary, [role=slider]")) {
      if (!target.closest("[role=slider]")) return;
      player.toggle();
    } else if (key === " ") player.toggle();
    else if (/^[0-9]$/.test(key)) player.seek((player.seconds * Number(key)) / 10);
    else {
      const act = acts[key.length === 1 ? key.toLowerCase() : key];
      if (!act || target.closest(".scroll") && key.startsWith("Arrow")) return;
      act();
    }
    event.preventDefault();
  });
}

/** The button that tells of the keys. */
export function help() {
  const button = press("quiet", tell, icon("keys"), t("Keys"));
  button.id = "keys";
  button.setAttribute("aria-keyshortcuts", "?");
  return button;
}

/** What the keys do, and whether they do. */
export async function tell() {
  const { dialog } = await import("./../people/dialogs.js");
  const rows = KEYS().map(([keys, words]) => make(
    "li", "", make("span", "", ...keys.flatMap((key) => [make("kbd", "", key), " "])), make("span", "", words),
  ));
  const input = make("input");
  Object.assign(input, { type: "checkbox", checked: kept.get("keys", true) !== false });
  input.addEventListener("change", () => kept.set("keys", input.checked ? null : false));
  const label = make("label", "option", input, make("span", "", t("Use these keys")));
  const shut = press("primary", () => made.close(), t("Close"));
  const made = dialog(t("Keys"), make("ul", "keys", ...rows), label, make("div", "row", shut));
  shut.focus();
}
