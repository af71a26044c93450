// The back-channel of those on stage: the audience never gets it, nothing records it.

import { command } from "./command.js";
import { Feed } from "./feed.js";
import { tell } from "./news.js";
import { element } from "./page.js";
import { chosen, unread } from "./tabs.js";
import { t } from "./t.js";

const KEPT = 50;
const feed = new Feed({
  list: "backstage-list", scroll: "backstage-scroll", none: "backstage-none", key: "line", kept: KEPT,
});
/** @type {Set<string>} */
const known = new Set();
let first = true;

element("backstage-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (element("backstage-text"));
  const text = field.value.trim();
  if (text && (await command("POST", "/backstage", { text }))) field.value = "";
});

/**
 * @param {{id: string, seat: string, name: string, text: string, at_ms: number}[]} lines some of
 *   them may have come before: the studio sends what it kept whenever the page comes back
 * @param {string} own seat
 */
export function hear(lines, own) {
  const fresh = lines.filter(({ id }) => !known.has(id));
  for (const { id } of fresh) known.add(id);
  feed.add(fresh);
  const others = fresh.filter(({ seat }) => seat !== own);
  if (!first || lines.length === 1) {
    if (!chosen("backstage")) unread("backstage", others.length);
    for (const { name, text } of others) {
      tell("backstage", t("Backstage, {name}: {text}", { name, text }), (count) =>
        t("{count} new messages backstage.", { count }),
      );
    }
  }
  first = false;
}
