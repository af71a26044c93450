// The audience's questions on the desk, by votes: put one on stage, mark it answered, take it down.

import { command } from "./command.js";
import { tell } from "./news.js";
import { block } from "./order.js";
import { copyOf, element, keep, part, write } from "./page.js";
import { choose } from "./sheet.js";
import { number, t } from "./t.js";
import { done } from "./toast.js";

/** @type {Record<string, number>} */
const ORDER = { asking: 0, open: 1, answered: 2, removed: 3 };

/** Shows `talk`'s questions. */
export class Questions {
  #talk;
  #asking = "";
  /** @type {Set<string>} */
  #answered = new Set();
  #told = -1;

  /** @param {import("./talk.js").Talk} talk */
  constructor(talk) {
    this.#talk = talk;
    talk.addEventListener("change", () => this.#show());
  }

  /** @param {{asking: string, answered: string[]}} space */
  follow({ asking, answered }) {
    this.#asking = asking;
    this.#answered = new Set(answered);
    this.#show();
  }

  #show() {
    const all = [...this.#talk.questions.values()].map((one) => ({
      ...one, state: this.#state(one.id), votes: this.#talk.tallies.get(`q-${one.id}`)?.counts[0] ?? 0,
    }));
    all.sort((a, b) => ORDER[a.state] - ORDER[b.state] || b.votes - a.votes || a.at_ms - b.at_ms);
    keep(element("questions"), all, "question", ({ id }) => this.#make(id), fill);
    element("questions-none").hidden = all.length > 0;
    const open = all.filter((one) => one.state === "open").length;
    write(element("questions-count"), String(open));
    if (this.#told >= 0 && all.length > this.#told) {
      tell("questions", t("A new question is asked."), (count) => t("{count} new questions are asked.", { count }));
    }
    this.#told = all.length;
  }

  /** @param {string} id */
  #state(id) {
    if (this.#talk.removed.has(id)) return "removed";
    if (this.#asking === id) return "asking";
    return this.#answered.has(id) ? "answered" : "open";
  }

  /** @param {string} id */
  #make(id) {
    const row = copyOf("question-template");
    for (const button of row.querySelectorAll("button")) {
      button.addEventListener("click", () => void this.#act(button.dataset.act ?? "", id));
    }
    return row;
  }

  /**
   * @param {string} act
   * @param {string} id
   */
  async #act(act, id) {
    if (act === "restore") return this.#restore(id);
    if (act !== "more") return void (await command("PUT", `/questions/${id}`, { state: act }));
    const question = this.#talk.questions.get(id);
    if (!question) return;
    const { name, person, text } = question;
    const chosen = await choose({
      title: name,
      words: text,
      reason: true,
      options: [
        { act: "remove", label: t("Remove this question") },
        { act: "block", label: t("Remove it and block {name}", { name }), grave: true },
      ],
    });
    if (!chosen || !(await command("DELETE", `/questions/${id}`, { reason: chosen.reason }))) return;
    this.#talk.follow([...this.#talk.removed, id]);
    done(t("The question is removed."), () => this.#restore(id));
    if (chosen.act === "block") await block({ person, name }, chosen.reason);
  }

  /** @param {string} id */
  async #restore(id) {
    if (await command("POST", `/questions/${id}/restore`)) this.#talk.restored(id);
  }
}

/**
 * @param {HTMLElement} row
 * @param {{name: string, text: string, votes: number, state: string}} one
 */
function fill(row, { name, text, votes, state }) {
  row.dataset.state = state;
  write(part(row, ".votes b"), number(votes));
  write(part(row, ".question-text"), text);
  /** @type {Record<string, string>} */
  const states = {
    open: name, asking: t("{name} · on stage now", { name }), answered: t("{name} · answered", { name }),
    removed: t("{name} · removed", { name }),
  };
  write(part(row, ".question-state"), states[state]);
  /** @type {Record<string, boolean>} */
  const may = {
    asking: state === "open", answered: state === "open" || state === "asking",
    open: state === "asking" || state === "answered", restore: state === "removed", more: state !== "removed",
  };
  for (const button of row.querySelectorAll("button")) {
    const act = button.dataset.act ?? "";
    button.hidden = !may[act];
    const does = act === "more" ? t("More") : (button.textContent ?? "");
    button.ariaLabel = t("{does}: {text}", { does, text });
  }
}
