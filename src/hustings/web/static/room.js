// The room's settings: hands, chat, guests, slow mode, clocks; and what becomes of the recording.

import { command } from "./command.js";
import { element, write } from "./page.js";
import { t } from "./t.js";

/** @type {Record<string, string>} */
const PUBLISHING = {
  auto: t("The recording is posted by itself at the end."),
  review: t("The recording waits for a host to publish it."),
  never: t("The recording is not published."),
};
/** @type {Record<string, string>} a switch, and what it is called in the space */
const SWITCHES = {
  "hands-open": "hands_open", "chat-open": "chat_open", guests: "guests", "equal-time": "equal_time",
};

const slow = /** @type {HTMLSelectElement | null} */ (element("slow"));
const speaker = /** @type {HTMLSelectElement | null} */ (element("speaker-s"));
const publishing = /** @type {HTMLSelectElement | null} */ (element("publishing-choice"));
/** @type {any} */
let space = null;
/** @type {Set<string>} what is being changed: a state from before it must not turn it back */
const changing = new Set();

for (const [id, field] of Object.entries(SWITCHES)) {
  const box = /** @type {HTMLInputElement | null} */ (element(id));
  box?.addEventListener("change", () => void set({ [field]: box.checked }));
}
slow?.addEventListener("change", () => void set({ slow_s: Number(slow.value) }));
speaker?.addEventListener("change", () => void set({ speaker_s: Number(speaker.value) }));
publishing?.addEventListener("change", async () => {
  if (!(await command("PATCH", "", { publishing: publishing.value }))) showRoom(space);
});
element("room")?.addEventListener("submit", (event) => event.preventDefault());

/** @param {Record<string, unknown>} change of one setting */
async function set(change) {
  const [field] = Object.keys(change);
  changing.add(field);
  const done = await command("PUT", "/room", change);
  changing.delete(field);
  if (!done) showRoom(space); // what was refused is not shown
}

/** @param {any} now the space */
export function showRoom(now) {
  space = now;
  const over = ["posted", "cancelled"].includes(now.status);
  write(element("publishing"), over ? "" : (PUBLISHING[now.publishing] ?? ""));
  if (!slow || !publishing || !speaker) return;
  for (const [id, field] of Object.entries(SWITCHES)) {
    if (!changing.has(field)) /** @type {HTMLInputElement} */ (element(id)).checked = now[field];
  }
  choose(slow, String(now.slow_s), t("every {seconds} seconds", { seconds: now.slow_s }));
  element("speaker-time").hidden = !now.equal_time;
  choose(speaker, String(now.speaker_s), t("{seconds} seconds", { seconds: now.speaker_s }));
  choose(publishing, now.publishing, now.publishing);
  publishing.disabled = now.status === "cancelled";
}

/**
 * @param {HTMLSelectElement} select
 * @param {string} value
 * @param {string} label should the list not have it
 */
function choose(select, value, label) {
  if (select === document.activeElement && select.value === value) return;
  if (![...select.options].some((option) => option.value === value)) select.add(new Option(label, value));
  select.value = value;
}
