// The hands that are up, in the order raised: invite, take back, lower, block.

import { command } from "./command.js";
import { tell } from "./news.js";
import { block } from "./order.js";
import { copyOf, element, keep, part, write } from "./page.js";
import { choose } from "./sheet.js";
import { t } from "./t.js";
import { badge } from "./tabs.js";

/** @typedef {{person: string, name: string, note: string, raised_at_ms: number, seat: string}} Hand */

/** The list of hands. */
export class Hands {
  /** @type {Map<string, Hand>} */
  #hands = new Map();
  #first = true;

  /**
   * @param {{hands: Hand[], hands_open: boolean, status: string}} space
   * @param {number} now_ms the studio's clock
   */
  show(space, now_ms) {
    const { hands } = space;
    for (const hand of hands) {
      if (this.#first || this.#hands.has(hand.person)) continue;
      const words = hand.note
        ? t("{name} raises a hand: {note}", { name: hand.name, note: hand.note })
        : t("{name} raises a hand.", { name: hand.name });
      tell("hands", words, (count) => t("{count} more hands are up.", { count }));
    }
    this.#first = false;
    this.#hands = new Map(hands.map((hand) => [hand.person, hand]));
    const rows = hands.map((hand) => ({ ...hand, id: hand.person }));
    keep(element("hands"), rows, "person", ({ id }) => this.#make(id), (row, hand) => fill(row, hand, now_ms));
    element("hands-none").hidden = hands.length > 0;
    write(element("hands-none"), none(space));
    write(element("hands-count"), String(hands.length));
    badge(element("hands-badge"), hands.filter((hand) => !hand.seat).length);
  }

  /**
   * How long they wait goes on while nothing else changes.
   * @param {number} now_ms the studio's clock
   */
  tick(now_ms) {
    for (const row of /** @type {Iterable<HTMLElement>} */ (element("hands").children)) {
      const hand = this.#hands.get(row.dataset.person ?? "");
      if (hand) write(part(row, ".hand-state"), state(hand, now_ms));
    }
  }

  /** @param {string} person */
  #make(person) {
    const row = copyOf("hand-template");
    for (const button of row.querySelectorAll("button")) {
      button.addEventListener("click", () => {
        const hand = this.#hands.get(person);
        if (hand) void act(button.dataset.act ?? "", hand);
      });
    }
    return row;
  }
}

/** Why there is no hand. @param {{hands_open: boolean, status: string}} space */
function none({ hands_open, status }) {
  if (["ended", "posted", "withheld", "cancelled"].includes(status)) return t("No hands are taken any more.");
  if (!hands_open) return t("No hands are taken at the moment: you have closed them under Room.");
  return status === "scheduled" ? t("Hands can be raised once the doors are open.") : t("No hand is up.");
}

/**
 * @param {Hand} hand
 * @param {number} now_ms
 */
function state(hand, now_ms) {
  if (hand.seat) return t("invited, has to accept");
  const minutes = Math.floor(Math.max(0, now_ms - hand.raised_at_ms) / 60_000);
  return minutes ? t("for {minutes} min", { minutes }) : t("just now");
}

/**
 * @param {HTMLElement} row
 * @param {Hand} hand
 * @param {number} now_ms
 */
function fill(row, hand, now_ms) {
  const { name } = hand;
  row.dataset.invited = String(Boolean(hand.seat));
  write(part(row, ".hand-name"), name);
  write(part(row, ".hand-note"), hand.note);
  write(part(row, ".hand-state"), state(hand, now_ms));
  const labels = {
    invite: t("Invite {name}", { name }), uninvite: t("Take back the invitation of {name}", { name }),
    lower: t("Lower the hand of {name}", { name }), more: t("More for {name}", { name }),
  };
  for (const [one, label] of Object.entries(labels)) {
    const button = part(row, `[data-act="${one}"]`);
    button.ariaLabel = button.title = label;
    if (one === "invite") button.hidden = Boolean(hand.seat);
    if (one === "uninvite") button.hidden = !hand.seat;
  }
}

/**
 * @param {string} what
 * @param {Hand} hand
 */
async function act(what, hand) {
  const path = `/hands/${hand.person}`;
  const { name } = hand;
  if (what === "invite") await command("POST", `${path}/invite`);
  if (what === "uninvite") await command("DELETE", `${path}/invite`);
  if (what === "lower") await command("DELETE", path);
  if (what !== "more") return;
  const chosen = await choose({
    title: name,
    words: hand.note,
    reason: true,
    options: [
      { act: "lower", label: t("Lower this hand") },
      { act: "block", label: t("Block {name} from this space", { name }), grave: true },
    ],
  });
  if (chosen?.act === "lower") await command("DELETE", path, { reason: chosen.reason });
  if (chosen?.act === "block") await block(hand, chosen.reason);
}
