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
  const captions = press("quiet", () => page.captions?.turn(), icon("captions"), t("Captions"));
  captions.id = "captions";
  captions.hidden = true; // until there are any
  captions.setAttribute("aria-pressed", "false");
  root.append(share, textSize(), captions);
}

/**
 * Captions while it is live, as long as they come; of a recording, posted.js has them.
 * @param {any} page
 * @param {import("../door.js").State} state
 */
export function showCaptions(page, state) {
  const button = document.getElementById("captions");
  const sending = ["doors", "live", "held"].includes(state.status);
  if (!button || state.status === "posted") return;
  page.captions ??= live(page, button);
  button.hidden = !(sending && (state.captions || page.captions.open));
  if (!sending) page.captions.close();
  else if (state.captions && kept.get("captions", false) && !page.captions.open) page.captions.turn();
}

/** What the button does while it is live. */
function live(page, button) {
  let made = null;
  const set = (open) => {
    if (made) made.open = open;
    button.setAttribute("aria-pressed", String(open));
  };
  return {
    get open() {
      return button.getAttribute("aria-pressed") === "true";
    },
    close: () => set(false),
    async turn() {
      const open = !this.open;
      set(open);
      kept.set("captions", open || null);
      if (!open || made) return;
      const { LiveCaptions } = await import("./../captions.js");
      made ??= new LiveCaptions(page.ear);
      made.open = this.open;
    },
  };
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
