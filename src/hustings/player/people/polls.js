/** Polls: one choice or several, and the result while it grows or when the poll is closed. */

import { make, write } from "../page.js";
import { locale, t } from "../t.js";
import { place } from "./chat.js";
import { figure, icon, press, tell } from "./parts.js";
import { cast, mine } from "./vote.js";

export class Polls {
  #people;
  #talk;
  #list = make("ol", "polls");
  #empty = make("p", "empty");
  #changing = new Set(); // polls in which one chooses anew

  /**
   * @param {HTMLElement} root
   * @param {import("./people.js").People} people
   */
  constructor(root, people) {
    this.#people = people;
    this.#talk = people.talk;
    const box = make("div", "scroll", this.#empty, this.#list);
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", t("Polls"));
    root.append(make("div", "window", box));
    this.#talk.addEventListener("polls", () => this.rules());
    this.rules();
  }

  shown() {}

  focus() {
    this.#list.querySelector("input, button")?.focus();
  }

  rules() {
    const old = new Map([...this.#list.children].map((one) => [one.dataset.id, one]));
    const polls = [...this.#talk.polls].reverse();
    polls.sort((a, b) => Number(a.closed) - Number(b.closed));
    place(this.#list, polls.map((poll) => this.#row(poll, old.get(poll.id))));
    this.#empty.hidden = polls.length > 0;
    const none = this.#people.over ? t("There was no poll.") : t("No poll yet. When the hosts open one, it appears here.");
    write(this.#empty, this.#talk.known ? none : t("One moment…"));
  }

  #row(poll, old) {
    const chosen = mine(this.#people.space, poll.id);
    const open = !poll.closed && !this.#people.over;
    const form = open && (!chosen?.length || this.#changing.has(poll.id));
    const key = form ? "form" : `result ${chosen} ${open} ${poll.counts === null}`;
    const row = old?.dataset.key === key ? old : this.#made(poll, { chosen, form, open });
    row.dataset.key = key;
    if (!form) fill(row, poll);
    return row;
  }

  #made(poll, { chosen, form, open }) {
    const title = make("h3", "", poll.question);
    title.dir = "auto";
    title.id = `poll-${poll.id}`;
    const inside = form ? this.#form(poll, chosen) : this.#result(poll, chosen, open);
    const row = make("li", "poll", title, ...inside);
    row.dataset.id = poll.id;
    row.setAttribute("aria-labelledby", title.id);
    return row;
  }

  #form(poll, chosen) {
    const kind = poll.multiple ? "checkbox" : "radio";
    const options = poll.options.map((text, index) => {
      const input = make("input");
      Object.assign(input, { type: kind, name: `choice-${poll.id}`, value: String(index) });
      input.checked = Boolean(chosen?.includes(index));
      const words = make("span", "", text);
      words.dir = "auto";
      return make("label", "option", input, words);
    });
    const legend = make("legend", "", poll.multiple ? t("Choose one or several") : t("Choose one"));
    const send = make("button", "primary", t("Vote"));
    const error = make("p", "refused");
    error.hidden = true;
    const form = make("form", "ballot", make("fieldset", "", legend, ...options), error, send);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#vote(poll, form, error);
    });
    return [form];
  }

  #result(poll, chosen, open) {
    const bars = poll.options.map((text, index) => {
      const own = chosen?.includes(index);
      const words = make("span", "words", ...(own ? [icon("check")] : []), text);
      words.dir = "auto";
      if (own) words.append(make("span", "visually-hidden", ` (${t("your choice")})`));
      const bar = make("span", "bar", make("span", "fill"));
      return make("li", own ? "own" : "", words, make("span", "share"), bar);
    });
    const row = make("div", "row", make("p", "sum soft"));
    if (open) {
      row.append(press("small", () => this.#change(poll), t("Change my vote")));
    }
    return [make("ul", "bars", ...bars), row];
  }

  #change(poll) {
    this.#changing.add(poll.id);
    this.rules();
    /** @type {any} */ (this.#find(poll.id))?.querySelector("input")?.focus();
  }

  async #vote(poll, form, error) {
    const choices = [...form.querySelectorAll("input:checked")].map(({ value }) => Number(value));
    error.hidden = choices.length > 0;
    if (!choices.length) {
      write(error, t("Choose an answer first."));
      tell(error.textContent);
      form.querySelector("input").focus();
      return;
    }
    const { space, base } = this.#people;
    const refused = await cast(space, base, poll.id, choices);
    error.hidden = !refused;
    write(error, refused);
    if (refused) {
      tell(refused);
      return;
    }
    this.#changing.delete(poll.id);
    this.rules();
    tell(t("Your vote is in."));
    /** @type {any} */ (this.#find(poll.id))?.querySelector("button")?.focus();
  }

  #find(id) {
    return [...this.#list.children].find((row) => row.dataset.id === id);
  }
}

/** The figures of a result: how many, and what part of those who voted. */
function fill(row, { counts, voters, closed, options }) {
  const bars = row.querySelectorAll(".bars > li");
  options.forEach((_, index) => {
    const count = counts?.[index] ?? 0;
    const part = voters ? count / voters : 0;
    const share = bars[index].querySelector(".share");
    const percent = part.toLocaleString(locale, { style: "percent" });
    write(share, counts ? `${figure(count)} · ${percent}` : "");
    bars[index].querySelector(".bar").hidden = !counts;
    bars[index].querySelector(".fill").style.inlineSize = `${100 * part}%`;
  });
  const voted = voters === 1 ? t("1 person voted") : t("{n} people voted", { n: figure(voters) });
  const later = t("The result is shown when the poll is closed.");
  write(row.querySelector(".sum"), counts ? (closed ? `${voted} · ${t("Closed")}` : voted) : later);
}
