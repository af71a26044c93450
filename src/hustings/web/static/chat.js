// The audience's chat on the desk: read, write, take down, put back.

import { command } from "./command.js";
import { Feed } from "./feed.js";
import { tell } from "./news.js";
import { block } from "./order.js";
import { element, part } from "./page.js";
import { choose } from "./sheet.js";
import { t } from "./t.js";
import { chosen, unread } from "./tabs.js";
import { done } from "./toast.js";

const KEPT = 200;
const SHORT = 80; // characters of a message that is read out or named

/** Shows `talk`'s messages. */
export class Chat {
  #talk;
  #feed = new Feed({
    list: "chat-list", scroll: "chat-scroll", none: "chat-none", newest: "chat-newest", key: "message", kept: KEPT,
  });

  /** @param {import("./talk.js").Talk} talk */
  constructor(talk) {
    this.#talk = talk;
    talk.addEventListener("said", (event) => this.#said(/** @type {CustomEvent} */ (event).detail));
    talk.addEventListener("change", () => this.#mark());
    element("chat-list").addEventListener("drawn", () => this.#mark());
    element("chat-list").addEventListener("click", (event) => {
      const button = /** @type {HTMLElement} */ (event.target).closest("button");
      const id = /** @type {HTMLElement | null} */ (button?.closest("[data-message]") ?? null)?.dataset.message;
      const message = /** @type {import("./talk.js").Said | undefined} */ (this.#feed.message(id ?? ""));
      if (button?.dataset.act === "more" && message) void this.#more(message);
      if (button?.dataset.act === "restore" && id) void this.restore(id);
    });
    element("chat-form").addEventListener("submit", (event) => void this.#say(event));
  }

  /**
   * Put a message or a question back.
   * @param {string} id
   * @param {"chat" | "questions"} where
   */
  async restore(id, where = "chat") {
    if (await command("POST", `/${where}/${id}/restore`)) this.#talk.restored(id);
  }

  /** @param {import("./talk.js").Said[]} messages */
  #said(messages) {
    this.#feed.add(messages);
    if (!chosen("audience")) unread("audience", messages.length);
    for (const { name, text } of messages) {
      tell("chat", t("{name}: {text}", { name, text: text.slice(0, SHORT) }), (count) =>
        t("{count} new messages.", { count }),
      );
    }
  }

  #mark() {
    for (const row of this.#feed.rows) {
      const gone = this.#talk.removed.has(row.dataset.message ?? "");
      if (row.dataset.removed === String(gone)) continue;
      row.dataset.removed = String(gone);
      const [more, restore] = [part(row, '[data-act="more"]'), part(row, '[data-act="restore"]')];
      const focused = row.contains(document.activeElement);
      more.hidden = gone;
      restore.hidden = !gone;
      if (focused) (gone ? restore : more).focus();
    }
  }

  /** @param {import("./talk.js").Said} message */
  async #more(message) {
    const { id, name, person, text } = message;
    const crowd = !["host", "cohost", "speaker"].includes(message.role);
    const act = await choose({
      title: name,
      words: text,
      reason: true,
      options: [
        { act: "remove", label: t("Remove this message") },
        ...(crowd
          ? [
              { act: "both", label: t("Remove it and block {name}", { name }), grave: true },
              { act: "block", label: t("Block {name} from this space", { name }), grave: true },
            ]
          : []),
      ],
    });
    if (!act) return;
    if (act.act !== "block") {
      if (!(await command("DELETE", `/chat/${id}`, { reason: act.reason }))) return;
      this.#talk.follow([...this.#talk.removed, id]);
      done(t("The message is removed."), () => this.restore(id));
    }
    if (act.act !== "remove") await block({ person, name }, act.reason);
  }

  /** @param {Event} event */
  async #say(event) {
    event.preventDefault();
    const field = /** @type {HTMLInputElement} */ (element("chat-text"));
    const text = field.value.trim();
    if (text && (await command("POST", "/chat", { text }))) field.value = "";
    this.#feed.toEnd();
  }
}
