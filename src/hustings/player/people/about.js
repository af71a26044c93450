/**
 * What a conversation is about: picture, description, and what becomes of the recording.
 *
 * The description comes as HTML that the studio has made safe. It is built anew here from the few
 * elements that a description needs, so that nothing else can get in.
 */

import { make, on, write } from "../page.js";
import { t } from "../t.js";
import { away } from "./parts.js";

const PLAIN = ["P", "UL", "OL", "LI", "STRONG", "EM", "B", "I", "CODE", "PRE", "BLOCKQUOTE", "BR", "HR"];
const HEADS = /^H[1-6]$/;

/** Its place in the page, above the foot. */
export function furnishAbout() {
  const description = make("p", "description");
  description.id = "description";
  const about = make("section", "about", description);
  Object.assign(about, { id: "about", hidden: true });
  about.setAttribute("aria-label", t("About this conversation"));
  on.foot.before(about);
}

/** @param {import("../door.js").State} state */
export function showAbout(state) {
  const { description, description_html: html, picture, publishing, language } = /** @type {any} */ (state);
  const text = JSON.stringify([description, html, picture, publishing, state.status]);
  const { about } = on;
  if (about.dataset.text === text) return;
  about.dataset.text = text;
  if (html) {
    const rich = make("div", "description rich", ...safe(html));
    rich.id = "description";
    on.description.replaceWith(rich);
  } else write(on.description, description);
  on.description.lang = language || "en";
  on.description.dir = "auto";
  about.querySelector(".picture")?.remove();
  if (picture) about.prepend(image(picture.wide));
  about.querySelector(".publishing")?.remove();
  const note = published(publishing, state.status);
  if (note) about.append(make("p", "publishing soft", note));
  about.hidden = !(description || html || picture || note);
}

function image(address) {
  const made = make("img", "picture");
  // The space's picture stands beside its name: it says nothing more to those who do not see it.
  Object.assign(made, { alt: "", width: 1200, height: 630, decoding: "async" });
  made.src = address;
  made.addEventListener("error", () => made.remove());
  return made;
}

function published(publishing, status) {
  if (!["scheduled", "doors", "live", "held"].includes(status)) return "";
  if (publishing === "auto") return t("This conversation is recorded. The recording is posted here when it ends.");
  if (publishing === "review") return t("This conversation is recorded. The hosts decide whether the recording is posted here.");
  if (publishing === "never") return t("This conversation is recorded for the hosts. The recording is not published.");
  return "";
}

/** The elements of a description. @param {string} html */
function safe(html) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  return [...body.childNodes].flatMap(copy);
}

function copy(node) {
  if (node.nodeType === Node.TEXT_NODE) return [node.textContent];
  if (node.nodeType !== Node.ELEMENT_NODE || /^(SCRIPT|STYLE)$/.test(node.nodeName)) return [];
  const inside = [...node.childNodes].flatMap(copy);
  if (HEADS.test(node.nodeName)) return [make("h3", "", ...inside)];
  if (node.nodeName === "A" && /^(https?:|mailto:)/.test(node.href)) {
    const link = away("", node.href);
    link.append(...inside);
    return [link];
  }
  return PLAIN.includes(node.nodeName) ? [make(node.nodeName.toLowerCase(), "", ...inside)] : inside;
}
