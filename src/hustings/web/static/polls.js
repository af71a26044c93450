// Polls: how they stand, closing one.

import { command } from "./command.js";
import { copyOf, element, keep, part, write } from "./page.js";
import { number, t } from "./t.js";

/** @typedef {{id: string, question: string, options: string[], multiple: boolean, show: string, closed: boolean}} Poll */

/** Shows the space's polls, the newest first. */
export class Polls {
  #talk;
  /** @type {Poll[]} */
  #polls = [];

  /** @param {import("./talk.js").Talk} talk */
  constructor(talk) {
    this.#talk = talk;
    talk.addEventListener("change", () => this.#show());
  }

  /** @param {Poll[]} polls */
  follow(polls) {
    this.#polls = [...polls].reverse();
    this.#show();
  }

  #show() {
    keep(element("polls"), this.#polls, "poll", make, (row, poll) => this.#fill(row, poll));
    write(element("polls-count"), String(this.#polls.filter((poll) => !poll.closed).length));
  }

  /**
   * @param {HTMLElement} row
   * @param {Poll} poll
   */
  #fill(row, poll) {
    const { counts, voters } = this.#talk.tallies.get(poll.id) ?? { counts: [], voters: 0 };
    row.dataset.closed = String(poll.closed);
    write(part(row, ".poll-question"), poll.question);
    const most = Math.max(1, ...counts);
    poll.options.forEach((option, index) => {
      const line = part(row, `[data-option="${index}"]`);
      const count = counts[index] ?? 0;
      const share = voters ? Math.round((100 * count) / voters) : 0;
      write(part(line, ".poll-option"), option);
      write(part(line, ".poll-count"), t("{count} · {share} %", { count: number(count), share }));
      line.style.setProperty("--share", String(count / most));
    });
    const seen = poll.show === "live" || poll.closed ? t("the audience sees the result") : t("the result is hidden");
    const state = poll.closed ? t("closed") : t("open");
    write(part(row, ".poll-state"), `${t("{count} have voted", { count: number(voters) })} · ${state} · ${seen}`);
    part(row, '[data-act="close"]').hidden = poll.closed;
    part(row, '[data-act="close"]').ariaLabel = t("Close the poll: {question}", { question: poll.question });
  }
}

/** @param {Poll} poll */
function make({ id, options }) {
  const row = copyOf("poll-template");
  const lines = options.map((_, index) => {
    const line = document.createElement("li");
    line.dataset.option = String(index);
    const words = document.createElement("span");
    words.className = "poll-option";
    const count = document.createElement("span");
    count.className = "poll-count figure";
    line.append(words, count);
    return line;
  });
  part(row, ".poll-results").replaceChildren(...lines);
  part(row, '[data-act="close"]').addEventListener("click", () => void command("POST", `/polls/${id}/close`));
  return row;
}
