/** What makes the page easier to read and to pass on: sharing, size of text, captions. */

import { make } from "../page.js";
import { t } from "../t.js";
import { icon, kept, press, tell } from "./parts.js";

// Kept in this browser; main.js sets it before anything is drawn.
const SIZES = ["", "118.75%", "137.5%"]; // of the browser's own size; the whole page is in rem

/**
 * @param {any} page  what main.js shares
 * @param {HTMLElement} root
 */
export function furnishTools(page, root) {
  root.className = "tools";
  const share = press("quiet", async () => {
    const { showShare } = await import("./share.js");
    showShare(page);
  }, icon("share"), t("Share"));
  share.id = "pass";
  const captions = press("quiet", () => turn(captions), icon("captions"), t("Captions"));
  captions.id = "captions";
  captions.hidden = true; // until the door says that there are any
  captions.setAttribute("aria-pressed", "false");
  root.append(share, textSize(), captions);
}

/** @param {import("../door.js").State} state */
export function showCaptions(state) {
  const button = document.getElementById("captions");
  if (button) button.hidden = !(/** @type {any} */ (state).captions);
}

function turn(captions) {
  const on = captions.getAttribute("aria-pressed") !== "true";
  captions.setAttribute("aria-pressed", String(on));
  document.documentElement.dataset.captions = String(on);
}

function textSize() {
  const names = [t("Normal text"), t("Large text"), t("Largest text")];
  const button = press("quiet", () => {
    const next = (at() + 1) % SIZES.length;
    kept.set("text", SIZES[next] || null);
    document.documentElement.style.fontSize = SIZES[next];
    show();
    tell(names[next]);
  }, icon("text"), make("span"));
  const at = () => Math.max(0, SIZES.indexOf(document.documentElement.style.fontSize));
  const show = () => (button.lastChild.textContent = names[at()]);
  button.id = "textsize";
  button.title = t("Size of text");
  show();
  return button;
}
