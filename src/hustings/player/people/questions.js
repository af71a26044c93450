/** Questions to the stage: asked by some, raised by the votes of all. */

import { make, write } from "../page.js";
import { t } from "../t.js";
import { badge, place } from "./chat.js";
import { Composer } from "./composer.js";
import { figure, icon, press, tell } from "./parts.js";
import { cast, mine } from "./vote.js";

const CALM_MS = 4000; // after a vote, before the order may change under the finger

export class Questions {
  #people;
  #talk;
  #list = make("ol", "questions");
  #empty = make("p", "empty");
  #composer;
  #votedMs = -Infinity;
  /** What a vote just now has made of a sum. @type {Map<string, {least: number, most: number, untilMs: number}>} */
  #sums = new Map();

  /**
   * @param {HTMLElement} root
   * @param {import("./people.js").People} people
   */
  constructor(root, people) {
    this.#people = people;
    this.#talk = people.talk;
    this.#composer = new Composer(people, {
      what: "question",
      label: t("Your question to the stage"),
      invite: t("Ask a question"),
      send: t("Ask"),
      most: 280,
      post: (text) => this.#post(text),
    });
    const box = make("div", "scroll", this.#empty, this.#list);
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", t("Questions"));
    root.append(make("div", "window", box), this.#composer.root);
    this.#talk.addEventListener("questions", () => this.#show());
    this.#talk.addEventListener("room", () => this.rules());
    people.who.addEventListener("change", () => this.#show());
    this.rules();
  }

  shown() {
    this.#talk.refresh();
  }

  focus() {
    this.#composer.focus();
  }

  rules() {
    const { over } = this.#people;
    const { room, known } = this.#talk;
    this.#composer.guests = room.guests;
    this.#composer.closed = over ? t("The conversation has ended.")
      : room.chat_open ? "" : t("The hosts take no more questions at the moment.");
    const none = over ? t("Nobody asked a question.") : t("No questions yet. Ask the first one.");
    write(this.#empty, known ? none : t("One moment…"));
    this.#show();
  }

  #show() {
    const old = new Map([...this.#list.children].map((row) => [row.dataset.id, row]));
    const asking = this.#talk.room.asking?.id;
    const calm = performance.now() - this.#votedMs < CALM_MS;
    const order = [...old.keys()];
    const rank = (one) => (one.id === asking ? -1 : one.answered ? 1 : 0);
    const stood = ({ id }) => (order.includes(id) ? order.indexOf(id) : order.length);
    const all = [...this.#talk.questions].sort((a, b) =>
      calm ? stood(a) - stood(b) : rank(a) - rank(b) || this.#votes(b) - this.#votes(a));
    place(this.#list, all.map((asked) => this.#row(asked, old.get(asked.id), asked.id === asking)));
    this.#empty.hidden = all.length > 0;
  }

  /** The sum that is known; just after a vote, at least what that has made of it. */
  #votes({ id, votes }) {
    const sum = this.#sums.get(id);
    if (!sum || sum.untilMs < performance.now()) return votes;
    return Math.min(sum.most, Math.max(sum.least, votes));
  }

  #row(asked, old, now) {
    const row = old ?? this.#made(asked);
    const up = Boolean(mine(this.#people.space, `q-${asked.id}`)?.length);
    const votes = this.#votes(asked);
    const [vote, body] = row.children;
    row.className = `question${now ? " now" : ""}${asked.answered ? " answered" : ""}`;
    vote.setAttribute("aria-pressed", String(up));
    vote.disabled = this.#people.over || asked.answered;
    write(vote.lastChild, figure(votes));
    const said = votes === 1 ? t("1 vote") : t("{n} votes", { n: figure(votes) });
    vote.setAttribute("aria-label", `${t("Vote for this question")}, ${said}`);
    const state = now ? t("Being asked now") : asked.answered ? t("Answered") : "";
    write(body.querySelector(".state"), state);
    return row;
  }

  #made(asked) {
    const vote = press("vote", () => this.#vote(asked.id), icon("up"), make("span", "sum"));
    const text = make("p", "text", asked.text);
    text.dir = "auto";
    const by = make("p", "by", make("b", "", make("bdi", "", asked.name)), ...badge(""), make("span", "state"));
    const row = make("li", "question", vote, make("div", "", text, by), this.#tool(asked));
    row.dataset.id = asked.id;
    return row;
  }

  #tool(asked) {
    const { who } = this.#people;
    const own = Boolean(asked.person && asked.person === who.person) || this.#people.asked.has(asked.id);
    const act = () => (own ? this.#delete(asked) : this.#people.report("question", asked));
    const button = press("tool", act, icon(own ? "bin" : "flag"));
    button.title = own ? t("Delete") : t("Report");
    const { name } = asked;
    button.setAttribute("aria-label", own ? t("Delete your question") : t("Report the question of {name}", { name }));
    return button;
  }

  async #vote(id) {
    const { space, base } = this.#people;
    const asked = this.#talk.questions.find((one) => one.id === id);
    if (!asked) return;
    const up = !mine(space, `q-${id}`)?.length;
    const votes = Math.max(0, this.#votes(asked) + (up ? 1 : -1));
    this.#votedMs = performance.now();
    const untilMs = this.#votedMs + CALM_MS;
    this.#sums.set(id, up ? { least: votes, most: Infinity, untilMs } : { least: 0, most: votes, untilMs });
    const answer = cast(space, base, `q-${id}`, up ? [0] : []);
    this.#show();
    const refused = await answer;
    if (!refused) return;
    this.#sums.delete(id);
    this.#composer.refuse(refused);
    this.#show();
  }

  async #post(text) {
    const made = await this.#people.studio.ask("POST", "questions", { text });
    if (made?.id) this.#people.own(made.id);
    tell(t("Your question is in."));
    setTimeout(() => this.#talk.refresh(), 1200); // an edge's answer is a second old at most
  }

  async #delete(asked) {
    if (!(await this.#people.sure(t("Delete your question?"), asked.text, t("Delete")))) return;
    try {
      await this.#people.studio.ask("DELETE", `questions/${asked.id}`, { reason: "" });
      this.#talk.remove(asked.id);
    } catch (error) {
      this.#composer.refuse(error.message);
    }
  }
}
