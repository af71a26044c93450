// The host's desk: everything beside the stage, brought together.

import { askChapter, showChapter } from "./chapter.js";
import { Chat } from "./chat.js";
import { Hands } from "./hands.js";
import { showInvite } from "./invite.js";
import { showLater } from "./later.js";
import { lookForReports, showBlocked } from "./order.js";
import { showPins } from "./pins.js";
import "./poll_form.js";
import { Polls } from "./polls.js";
import { Questions } from "./questions.js";
import { showRoom } from "./room.js";
import { Talk } from "./talk.js";

const REPORTS_MS = 60_000;

/** Shows the space to those who run it. */
export class Desk {
  talk = new Talk();
  #hands = new Hands();
  #questions = new Questions(this.talk);
  #polls = new Polls(this.talk);

  constructor() {
    new Chat(this.talk);
    void lookForReports();
    setInterval(() => void lookForReports(), REPORTS_MS);
  }

  /**
   * @param {any} space
   * @param {boolean} seated whether we still belong here
   * @param {number} now_ms the studio's clock
   */
  show(space, seated, now_ms) {
    const before = ["scheduled", "doors"].includes(space.status);
    const over = ["ended", "posted", "withheld", "cancelled"].includes(space.status);
    showInvite(seated && !over);
    showChapter(seated ? space.status : "");
    showLater(seated && before);
    this.#hands.show(space, now_ms);
    this.talk.follow(space.removed);
    this.#questions.follow(space);
    this.#polls.follow(space.polls);
    showPins(space.pins);
    showRoom(space);
    showBlocked(space.blocked);
  }

  /** @param {number} now_ms the studio's clock */
  tick(now_ms) {
    this.#hands.tick(now_ms);
  }

  /** A chapter of the recording is to begin. */
  chapter() {
    askChapter();
  }
}
