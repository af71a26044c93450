/** The page of a clip: passing it on, and the sentence that is being said. */

import { t } from "./t.js";

const media = document.querySelector("video, audio");
const share = document.getElementById("share");
const sentences = [...document.querySelectorAll("[data-from]")];
const said = document.createElement("span");
said.setAttribute("role", "status");
said.className = "soft";

/** What one passes on; the ticket to a private conversation is nobody else's. */
function address() {
  return document.querySelector('link[rel="canonical"]')?.getAttribute("href") ?? location.href.split(/[?#]/)[0];
}

async function pass() {
  const url = address();
  if (navigator.share) {
    try {
      await navigator.share({ title: document.querySelector("h1")?.textContent ?? "", url });
    } catch {
      // the visitor thought better of it
    }
    return;
  }
  try {
    await navigator.clipboard.writeText(url);
    said.textContent = t("Link copied");
  } catch {
    said.textContent = url; // no right to the clipboard: to be copied by hand
  }
}

function follow() {
  const second = media.currentTime;
  for (const sentence of sentences) {
    const now = Number(sentence.dataset.from) <= second && second < Number(sentence.dataset.to);
    if (now && !(media.paused && second === 0)) sentence.setAttribute("aria-current", "true");
    else sentence.removeAttribute("aria-current");
  }
}

if (share) {
  share.hidden = false;
  share.after(said);
  share.addEventListener("click", pass);
}
media?.addEventListener("timeupdate", follow);
media?.addEventListener("seeked", follow);
