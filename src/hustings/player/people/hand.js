/**
 * Raising a hand: with a word on what one would say, a place in the queue, and the invitation to
 * come to the stage, which is shown over the page so that nothing moves under anybody's finger.
 */

import { make, on, write } from "../page.js";
import { t } from "../t.js";
import { field, figure, icon, kept, press, refuse, tell } from "./parts.js";

const NOTE_CHARS = 140;
const AGAIN_MS = 15_000; // the place in the queue is looked up that often

export class Hand {
  #people;
  #talk;
  #root;
  #raise = press("hand", () => this.#ask(), icon("hand"), make("span"));
  #lower = press("small", () => this.#down(), t("Lower it"));
  #place = make("p", "place");
  #form = make("form", "write");
  #note;
  #invitation = make("section", "invitation");
  #asking = false;
  #invited = false;
  #declined = false;
  #busy = false;
  #mute = false; // this studio does not tell places
  #raisedMs = -Infinity;

  /**
   * @param {HTMLElement} root
   * @param {import("./people.js").People} people
   */
  constructor(root, people) {
    this.#root = root;
    this.#people = people;
    this.#talk = people.talk;
    this.#note = field("input", t("What would you like to say? (optional)"), {
      maxLength: NOTE_CHARS, autocomplete: "off", enterKeyHint: "send",
    });
    const { name, input, error } = this.#note;
    const send = make("button", "primary", t("Raise my hand"));
    const not = press("small", () => this.#shut(), t("Not now"));
    this.#form.append(name, input, error, make("div", "row", send, not));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#up();
    });
    this.#form.addEventListener("keydown", ({ key }) => key === "Escape" && this.#shut());
    root.append(this.#raise, make("div", "raised", icon("hand"), this.#place, this.#lower), this.#form);
    this.#furnishInvitation();
    this.#talk.addEventListener("room", () => this.rules());
    people.who.addEventListener("change", () => this.rules());
    setInterval(() => this.#look(), AGAIN_MS);
    this.rules();
    this.#look();
  }

  /** The visitor has a name now, and wanted to raise a hand. */
  focus() {
    this.#ask();
  }

  rules() {
    const { room } = this.#talk;
    const { who, over } = this.#people;
    const raised = this.#kept;
    const meant = Boolean(who.person) && room.invited.includes(who.person);
    this.#declined &&= meant; // until the news of it has come
    const invited = meant && !this.#declined;
    if (raised && this.#invited && !invited) this.#keep(null); // taken, or taken back
    const old = performance.now() - this.#raisedMs > AGAIN_MS;
    if (raised && old && this.#talk.known && !room.hands) this.#keep(null); // a host has lowered all
    if (invited !== this.#invited) this.#invite(invited);
    const up = invited || Boolean(this.#kept);
    const open = room.hands_open && !over;
    this.#root.hidden = over;
    this.#form.hidden = up || !this.#asking;
    const [, state] = [this.#raise, this.#root.children[1]];
    state.hidden = !up;
    this.#raise.hidden = up || !this.#form.hidden;
    this.#raise.disabled = !open;
    write(this.#raise.lastChild, open ? t("Raise your hand") : t("Hands are closed for now"));
    write(this.#place, invited ? t("You are invited to speak") : this.#queue());
  }

  #queue() {
    const place = this.#kept?.place;
    const { hands } = this.#talk.room;
    if (!place) return hands > 1 ? t("Your hand is up, one of {n}", { n: figure(hands) }) : t("Your hand is up");
    if (place === 1) return t("Your hand is up. You are next.");
    return t("Your hand is up, number {n} in line", { n: figure(place) });
  }

  /** @returns {{person: string, place: number} | null} */
  get #kept() {
    const hand = kept.get(`hand.${this.#people.space}`);
    return hand && hand.person === this.#people.who.person ? hand : null;
  }

  #keep(hand) {
    kept.set(`hand.${this.#people.space}`, hand);
  }

  #ask() {
    if (!this.#people.who.ticket) {
      this.#people.who.join("hand");
      return;
    }
    this.#asking = true;
    this.rules();
    if (!this.#form.hidden) this.#note.input.focus();
  }

  #shut() {
    this.#asking = false;
    refuse(this.#note, "");
    this.rules();
    this.#raise.focus();
  }

  async #up() {
    if (this.#busy) return;
    this.#busy = true;
    const { studio, who } = this.#people;
    try {
      const note = this.#note.input.value.trim();
      const answer = await studio.ask("POST", "hand", { note });
      this.#keep({ person: who.person, place: answer?.place ?? 0 });
      this.#raisedMs = performance.now();
      this.#asking = this.#declined = false;
      this.#note.input.value = "";
      refuse(this.#note, "");
      tell(this.#queue());
      this.rules();
      this.#lower.focus();
    } catch (error) {
      refuse(this.#note, error.message);
    }
    this.#busy = false;
  }

  async #down() {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await this.#people.studio.ask("DELETE", "hand");
    } catch (error) {
      if (error.status !== 404 && error.status !== 409) {
        tell(error.message);
        write(this.#place, error.message);
        this.#busy = false;
        return;
      }
    }
    this.#busy = false;
    this.#keep(null);
    this.#declined = true;
    tell(t("Your hand is down."));
    this.#invite(false);
    this.rules();
    this.#raise.focus();
  }

  /** The place changes as others are invited; only the studio knows it. */
  async #look() {
    const { who, studio, over } = this.#people;
    if (this.#mute || !this.#kept || !who.ticket || over || document.visibilityState !== "visible") return;
    try {
      const hand = await studio.ask("GET", "hand");
      if (hand?.place) this.#keep({ person: who.person, place: hand.place });
    } catch (error) {
      if (error.status === 404) this.#keep(null); // a host has lowered it
      this.#mute = error.status === 405;
    }
    this.rules();
  }

  #furnishInvitation() {
    const card = this.#invitation;
    card.hidden = true;
    card.setAttribute("aria-label", t("Invitation to speak"));
    const go = make("a", "button primary", t("Go to the stage"));
    const not = press("", () => this.#down(), t("Not now"));
    const words = t("Your microphone is checked before anybody hears you.");
    card.append(
      make("h2", "", t("The host invites you to speak")), make("p", "soft", words),
      make("div", "row", go, not),
    );
    go.addEventListener("click", () => on.sound.pause()); // no echo of oneself
    document.body.append(card);
  }

  #invite(invited) {
    this.#invited = invited;
    const card = this.#invitation;
    card.querySelector("a").href = this.#people.who.stage;
    if (card.hidden === !invited) return;
    card.hidden = !invited;
    if (invited) tell(t("The host invites you to speak. Go to the stage: the link is at the end of the page."));
  }
}
