/**
 * The people's side of the page: chat, questions and polls in tabs, who one is here, and the hand.
 *
 * It has a place of fixed size, so that nothing moves when it fills; questions and polls are loaded
 * when they are first looked at. The question that is being asked on stage lies over the page's head.
 */

import { make, on, write } from "../page.js";
import { t } from "../t.js";
import { backOff } from "../time.js";
import { shown } from "../words.js";
import { Chat } from "./chat.js";
import { Hand } from "./hand.js";
import { figure, kept, press, tell } from "./parts.js";
import { Studio } from "./studio.js";
import { Talk } from "./talk.js";
import { Who } from "./who.js";

const OPEN = ["doors", "live", "held"];
const OVER = ["ended", "posted", "withheld", "gone"];
const OWN_COUNT = 50; // own questions that are remembered

export class People {
  root = make("section", "people card");
  asked;
  /** What the audience wrote stands elsewhere on this page. */
  replaced = false;
  #tabs = new Map();
  #panels = new Map();
  #loading = new Map();
  #open = "";
  #hand = make("div", "handrow");
  #me = make("p", "me");
  #asking = press("asking", () => this.open("questions"), make("small"), make("span", "words"));

  /**
   * @param {any} page  what main.js shares
   * @param {import("../door.js").Door} door
   */
  constructor(page, door) {
    const { ear } = page;
    this.door = door;
    this.base = ear.base;
    this.space = door.state.space;
    this.who = new Who(this.space, door.state.studio);
    this.studio = new Studio(door.state.studio, this.space, this.who);
    const rides = () => (ear.hearing && !ear.head.shifted) || Boolean(page.ladder?.reading);
    this.talk = new Talk(this.base, door, rides);
    this.asked = new Set(kept.get(`asked.${this.space}`, []));
    this.#furnish();
    this.who.addEventListener("change", () => this.#name());
    this.who.addEventListener("back", ({ detail }) => this.#back(detail));
    this.talk.addEventListener("room", () => this.#question());
    this.talk.addEventListener("polls", () => this.#polls());
    this.talk.addEventListener("chat", () => this.show());
    this.talk.addEventListener("questions", () => this.#count());
    this.#name();
  }

  /** The conversation has ended: there is but to read. */
  get over() {
    return OVER.includes(shown(this.door.state));
  }

  /** Whether somebody sees that panel. @param {string} name */
  looks(name) {
    return this.#open === name && !this.root.hidden && document.visibilityState === "visible";
  }

  /** Follow the space's state. */
  show() {
    const status = shown(this.door.state);
    const { chat, questions, polls, known } = this.talk;
    const spoken = known && chat.length + questions.length + polls.length > 0;
    this.root.hidden = this.replaced || !(OPEN.includes(status) || (this.over && spoken));
    // After the end it stands below what is to be kept, where it comes without moving anything.
    if (this.over && this.root.nextElementSibling !== on.foot) on.foot.before(this.root);
    if (!this.root.hidden && !this.#open) this.open(this.#first(), false);
    for (const panel of this.#panels.values()) panel.rules();
    this.#question();
    this.#me.hidden = !this.who.ticket || this.over;
  }

  /** Bring a panel to sight. */
  async open(name, focus = true) {
    this.#open = name;
    this.talk.watched = name === "questions";
    for (const [key, { tab, panel }] of this.#tabs) {
      tab.setAttribute("aria-selected", String(key === name));
      tab.tabIndex = key === name ? 0 : -1;
      panel.hidden = key !== name;
    }
    if (focus) this.#tabs.get(name).tab.focus();
    const panel = await this.#panel(name);
    if (this.#open === name) panel.shown();
  }

  /** How many there are in a panel. */
  badge(name, count) {
    const { badge } = this.#tabs.get(name);
    write(badge, count > 99 ? "99+" : count ? figure(count) : "");
    badge.hidden = !count;
  }

  /** A question of this visitor's own. @param {string} id */
  own(id) {
    this.asked.add(id);
    kept.set(`asked.${this.space}`, [...this.asked].slice(-OWN_COUNT));
  }

  /** @param {string} question @param {string} text @param {string} label */
  async sure(question, text, label) {
    return (await import("./dialogs.js")).sure(question, text, label);
  }

  /** Report one thing that was written. @param {string} about @param {{id: string, text: string}} one */
  async report(about, one) {
    const title = about === "question" ? t("Report a question") : t("Report a message");
    (await import("./dialogs.js")).report(this.studio, [[about, one.id, title]], one.text);
  }

  #first() {
    const { chat, questions, polls } = this.talk;
    if (!this.over || chat.length) return "chat";
    return questions.length ? "questions" : polls.length ? "polls" : "chat";
  }

  #furnish() {
    this.root.id = "people";
    this.root.hidden = true;
    this.root.setAttribute("aria-label", t("Take part"));
    const list = make("div", "tabs");
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", t("Take part"));
    const names = { chat: t("Chat"), questions: t("Questions"), polls: t("Polls") };
    const panels = Object.entries(names).map(([name, label]) => this.#tab(list, name, label));
    list.addEventListener("keydown", (event) => this.#keys(event));
    const inner = make("div", "inner", list, ...panels, this.#hand, this.#me);
    this.root.append(inner);
    this.#asking.hidden = true;
    document.querySelector(".top")?.append(this.#asking);
    on.about.before(this.root);
    this.#panels.set("hand", new Hand(this.#hand, this));
    this.#panels.set("chat", new Chat(this.#tabs.get("chat").panel, this));
  }

  #tab(list, name, label) {
    const badge = make("span", "count");
    badge.hidden = true;
    const tab = press("tab", () => this.open(name), make("span", "", label), " ", badge);
    tab.id = `tab-${name}`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", `panel-${name}`);
    const panel = make("div", "panel");
    panel.id = `panel-${name}`;
    panel.hidden = true;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    list.append(tab);
    this.#tabs.set(name, { tab, panel, badge });
    return panel;
  }

  #keys(event) {
    const names = [...this.#tabs.keys()];
    const rtl = getComputedStyle(this.root).direction === "rtl";
    const step = { ArrowRight: rtl ? -1 : 1, ArrowLeft: rtl ? 1 : -1 }[event.key];
    const at = names.indexOf(this.#open);
    const to = { Home: 0, End: names.length - 1 }[event.key] ?? (step ? at + step : -1);
    if (to < 0 && !step) return;
    event.preventDefault();
    this.open(names[(to + names.length) % names.length]);
  }

  /** A panel; those that come later are loaded once. */
  #panel(name) {
    if (!this.#loading.has(name)) this.#loading.set(name, this.#panels.get(name) ?? this.#load(name));
    return this.#loading.get(name);
  }

  async #load(name) {
    const { Questions, Polls } = await part(name);
    const panel = new (Questions ?? Polls)(this.#tabs.get(name).panel, this);
    this.#panels.set(name, panel);
    return panel;
  }

  /** Who one is here, and the way out of it. */
  #name() {
    const { name, ticket } = this.who;
    this.#me.hidden = !ticket || this.over;
    const leave = press("link", () => this.who.leave(), t("Leave"));
    const [before, after] = t("You are here as {name}", { name: "\n" }).split("\n");
    this.#me.replaceChildren(make("span", "", before, make("b", "", make("bdi", "", name)), after ?? ""), leave);
  }

  /** Back from the studio with a name: on with what the visitor wanted to do. */
  async #back(what) {
    tell(t("You are here as {name}", { name: this.who.name }));
    if (this.root.hidden) return;
    if (what === "hand") this.#panels.get("hand").focus();
    else {
      const name = what === "question" ? "questions" : "chat";
      await this.open(name, false);
      (await this.#panel(name)).focus();
    }
  }

  #count() {
    this.badge("questions", this.talk.questions.filter(({ answered }) => !answered).length);
    this.show();
  }

  #question() {
    const { asking } = this.talk.room;
    const shownNow = Boolean(asking) && !this.over && OPEN.includes(this.door.state.status);
    const text = shownNow ? asking.text : "";
    const [label, words] = this.#asking.children;
    if (words.textContent === text && this.#asking.hidden === !shownNow) return;
    this.#asking.hidden = !shownNow;
    if (!shownNow) return;
    write(label, t("Being asked now, by {name}", { name: asking.name }));
    write(words, text);
    words.dir = "auto";
    tell(`${label.textContent}: ${text}`);
  }

  #polls() {
    const open = this.talk.polls.filter(({ closed }) => !closed);
    const { badge } = this.#tabs.get("polls");
    badge.className = "count dot";
    badge.hidden = !open.length;
    badge.replaceChildren(make("span", "visually-hidden", t("open")));
    const newest = open.at(-1)?.id ?? "";
    const { polled } = this.root.dataset;
    this.root.dataset.polled = newest;
    if (newest && polled !== undefined && polled !== newest) {
      tell(t("A poll is open: {question}", { question: open.at(-1).question }));
    }
    this.show();
  }
}

/** A panel's module; a line that fails now may work soon. */
async function part(name) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await import(`./${name}.js${tries ? `?${tries}` : ""}`);
    } catch {
      await new Promise((done) => setTimeout(done, backOff(tries, { firstMs: 1000, mostMs: 15_000 })));
    }
  }
}

