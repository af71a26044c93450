/**
 * The chat: newest at the end, where it stays unless somebody scrolls up to read.
 *
 * The edge carries as much as people can read; what it leaves out is said. A screen reader is told
 * how many messages came, seldom, and only while it is in the chat.
 */

import { make, write } from "../page.js";
import { t } from "../t.js";
import { Composer } from "./composer.js";
import { figure, icon, press, tell, time } from "./parts.js";
import { showPins } from "./pins.js";

const NEAR_PX = 48; // from the end, that still counts as being there
const ANNOUNCE_MS = 10_000;

export class Chat {
  #people;
  #talk;
  #list = make("ol", "messages");
  #box = make("div", "scroll");
  #pins = make("div", "pins");
  #fresh = press("fresh", () => this.#end(), "");
  #empty = make("p", "empty");
  #atEnd = true;
  #unseen = 0;
  #untold = 0;
  #toldMs = -Infinity;
  #composer;
  #leftOut = new Map(); // how many were left out before a message, by its id

  /**
   * @param {HTMLElement} root
   * @param {import("./people.js").People} people
   */
  constructor(root, people) {
    this.#people = people;
    this.#talk = people.talk;
    this.#box.tabIndex = 0;
    this.#box.setAttribute("role", "region");
    this.#box.setAttribute("aria-label", t("Messages"));
    this.#box.append(this.#empty, this.#list);
    this.#fresh.hidden = true;
    this.#composer = new Composer(people, {
      what: "chat",
      label: t("Your message"),
      invite: t("Join the chat"),
      send: t("Send"),
      most: 280,
      post: (text) => this.#post(text),
    });
    root.append(make("div", "window", this.#box, this.#fresh), this.#pins, this.#composer.root);
    this.#box.addEventListener("scroll", () => this.#scrolled());
    new ResizeObserver(() => this.#atEnd && this.#end()).observe(this.#box);
    this.#talk.addEventListener("chat", ({ detail }) => this.#show(detail));
    this.#talk.addEventListener("room", () => this.#rules());
    this.#talk.addEventListener("polls", () => this.#rules());
    people.who.addEventListener("change", () => this.#again());
    setInterval(() => this.#announce(), 1000);
    this.#show(0);
    this.#rules();
  }

  /** The panel has come to sight. */
  shown() {
    if (this.#atEnd) this.#end();
  }

  focus() {
    this.#composer.focus();
  }

  /** What is open changes with the space's state. */
  rules() {
    this.#rules();
  }

  #rules() {
    const { room, polls } = this.#talk;
    const { over } = this.#people;
    showPins(this.#pins, room.pins, polls, () => this.#people.open("polls"));
    this.#composer.slowS = room.slow_s;
    this.#composer.guests = room.guests;
    this.#composer.closed = over
      ? t("The conversation has ended. The chat stays to be read.")
      : room.chat_open ? "" : t("The hosts have closed the chat.");
    const none = over ? t("Nobody wrote in the chat.") : t("Nobody has written yet. Say hello.");
    write(this.#empty, this.#talk.known ? none : t("One moment…"));
    this.#empty.hidden = this.#talk.chat.length > 0;
  }

  #again() {
    this.#list.replaceChildren();
    this.#show(0);
  }

  #show(more) {
    const { chat } = this.#talk;
    const old = new Map([...this.#list.children].map((row) => [row.dataset.id, row]));
    const first = old.size === 0;
    const fresh = chat.filter(({ id }) => !old.has(id));
    this.#left(more, fresh[0]?.id ?? "");
    const rows = [];
    for (const said of chat) {
      if (this.#leftOut.has(said.id)) rows.push(this.#gap(said.id, old));
      rows.push(this.#row(said, old.get(said.id)));
    }
    if (this.#leftOut.has("")) rows.push(this.#gap("", old));
    place(this.#list, rows);
    this.#empty.hidden = chat.length > 0;
    if (first) {
      this.#end();
      return;
    }
    const others = fresh.filter(({ person }) => person !== this.#people.who.person).length;
    this.#untold += others;
    if (this.#atEnd) this.#end();
    else this.#unseen += others + more;
    this.#count();
  }

  /** `more` were left out before the message `id`, or since the last one. */
  #left(more, id) {
    const count = more + (this.#leftOut.get("") ?? 0);
    this.#leftOut.delete("");
    if (count) this.#leftOut.set(id, count);
  }

  #row(said, old) {
    const key = said.removed ? "removed" : "";
    if (old?.dataset.state === key) return old;
    const row = make("li", "message");
    Object.assign(row.dataset, { id: said.id, state: key });
    if (said.removed) {
      row.append(make("p", "gone", t("This message was removed.")));
      return row;
    }
    const text = make("p", "text", said.text);
    text.dir = "auto";
    const head = make("p", "by", make("b", "", make("bdi", "", said.name)), ...badge(said.role), time(said.at_ms));
    row.append(head, text, this.#tool(said));
    return row;
  }

  /** One's own message can be taken back, another's reported. */
  #tool(said) {
    const own = said.person === this.#people.who.person;
    const label = own ? t("Delete your message") : t("Report the message of {name}", { name: said.name });
    const act = () => (own ? this.#delete(said) : this.#people.report("message", said));
    const button = press("tool", act, icon(own ? "bin" : "flag"));
    button.title = own ? t("Delete") : t("Report");
    button.setAttribute("aria-label", label);
    return button;
  }

  #gap(id, old) {
    const row = old.get(`gap ${id}`) ?? make("li", "gap");
    row.dataset.id = `gap ${id}`;
    const count = this.#leftOut.get(id);
    const many = t("{n} more were written here than can be read", { n: figure(count) });
    write(row, count === 1 ? t("1 more was written here") : many);
    return row;
  }

  async #post(text) {
    const made = await this.#people.studio.ask("POST", "chat", { text });
    const { person, name } = this.#people.who;
    if (made?.id) this.#talk.add({ role: "", at_ms: this.#talk.door.nowMs, person, name, text, ...made });
    this.#end();
  }

  async #delete(said) {
    if (!(await this.#people.sure(t("Delete your message?"), said.text, t("Delete")))) return;
    try {
      await this.#people.studio.ask("DELETE", `chat/${said.id}`, { reason: "" });
      this.#talk.remove(said.id);
    } catch (error) {
      this.#composer.refuse(error.message);
    }
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#box;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    if (this.#atEnd) this.#unseen = 0;
    this.#count();
  }

  #end() {
    this.#box.scrollTop = this.#box.scrollHeight;
    this.#atEnd = true;
    this.#unseen = 0;
    this.#count();
  }

  #count() {
    this.#fresh.hidden = !this.#unseen;
    const n = figure(this.#unseen);
    write(this.#fresh, this.#unseen === 1 ? t("1 new message") : t("{n} new messages", { n }));
    this.#people.badge("chat", this.#people.looks("chat") ? 0 : this.#untold);
  }

  /** Says how much has come to those who are in the chat, not what. */
  #announce() {
    if (!this.#people.looks("chat")) return;
    const nowMs = performance.now();
    const inside = this.#box.closest(".panel")?.contains(document.activeElement);
    if (!inside) this.#untold = 0;
    if (!this.#untold || nowMs - this.#toldMs < ANNOUNCE_MS) return;
    this.#toldMs = nowMs;
    const n = figure(this.#untold);
    tell(this.#untold === 1 ? t("1 new message") : t("{n} new messages", { n }));
    this.#untold = 0;
  }
}

/** What somebody is to the room, in words. */
export function badge(role) {
  if (role === "host") return [make("span", "badge", t("Host"))];
  if (role === "cohost") return [make("span", "badge", t("Co-host"))];
  if (role === "speaker") return [make("span", "badge", t("Speaker"))];
  return [];
}

/** The rows in this order; those that stand well are not touched. */
export function place(list, rows) {
  const wanted = new Set(rows);
  for (const row of [...list.children]) if (!wanted.has(row)) row.remove();
  rows.forEach((row, index) => {
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  });
}
