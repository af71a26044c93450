// The line to the stage: one peer connection at a time. When the stage falls silent or the network
// changes, ICE is restarted; when that does not help at once, the connection is made anew. It needs the
// studio only for its first ticket: with that in memory, the studio may be down.

import { restartIce } from "./ice_restart.js";
import { offer } from "./nack.js";
import { onNetworkChange } from "./network.js";
import { bye, post, Refused } from "./whip.js";
import { FIRST_PACKET_MS, RESTARTED_MS, silence } from "./watchdog.js";

const FULL_MS = 1000; // between two questions whether there is a place, and up to as much again
const PAUSE_MS = 150; // and up to as much again, so that many speakers do not return in step

/**
 * @typedef {{ticket: string, whip_url: string, expires_at_ms: number, page: string,
 *   ice_servers?: RTCIceServer[]}} Ticket
 * @typedef {"away" | "connecting" | "connected" | "refused"} Condition
 */

/**
 * Event "change" whenever `condition` changes; `words` says why when it is "refused", or waits, and
 * `elsewhere` whether another page sits on the seat.
 */
export class Line extends EventTarget {
  /** @type {Condition} */
  condition = "away";
  words = "";
  elsewhere = false;
  /** @type {RTCPeerConnection | null} */
  #connection = null;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  #session = "";
  /** @type {Ticket | null} */
  #ticket = null;
  #renew;
  #audio;
  /** @type {AbortController | null} */
  #wanted = null;
  /** @type {Promise<boolean> | null} */
  #restarting = null;

  /**
   * @param {HTMLAudioElement} audio plays the mix-minus
   * @param {(must: boolean) => Promise<Ticket>} renew a ticket; `must`: a cached one will not do
   */
  constructor(audio, renew) {
    super();
    this.#audio = audio;
    this.#renew = renew;
    addEventListener("pagehide", () => this.leave());
  }

  /**
   * Take the seat, and come back to it until `leave`.
   * @param {MediaStreamTrack} track the microphone
   * @param {boolean} [again] nobody pressed Join: the page was here before
   */
  join(track, again = false) {
    this.#track = track;
    if (this.#wanted) return;
    this.elsewhere = false;
    this.#wanted = new AbortController();
    void this.#stay(this.#wanted.signal, again);
  }

  /**
   * Give the seat up for now.
   * @param {boolean} [tell] whether the stage is told; false when it has let go by itself
   */
  leave(tell = true) {
    this.#end(tell);
    if (this.condition !== "refused") this.#set("away");
  }

  /**
   * Let go of the seat for a reason, and do not come back to it.
   * @param {string} words the reason
   * @param {boolean} [elsewhere] another page sits there now
   */
  give(words, elsewhere = false) {
    this.#end(false);
    this.elsewhere = elsewhere;
    this.#set("refused", words);
  }

  /** Statistics of the connection (W3C webrtc-stats), null without one. */
  async stats() {
    return this.condition === "connected" ? ((await this.#connection?.getStats()) ?? null) : null;
  }

  /** Where the present session is, and with which ticket; the address is "" without one. */
  get session() {
    return { address: this.#session, ticket: this.#ticket?.ticket ?? "" };
  }

  /** Whether the seat is ours, or about to be. */
  get joined() {
    return this.condition === "connected" || this.condition === "connecting";
  }

  /**
   * Send another microphone on the same line.
   * @param {MediaStreamTrack} track
   */
  async replace(track) {
    this.#track = track;
    const [sender] = this.#connection?.getSenders() ?? [];
    await sender?.replaceTrack(track).catch(() => {});
  }

  /**
   * @param {AbortSignal} wanted
   * @param {boolean} again
   */
  async #stay(wanted, again) {
    let fresh = false;
    let full = "";
    while (!wanted.aborted) {
      this.#set("connecting", full);
      try {
        const connection = await this.#connect(wanted, fresh, again);
        fresh = false;
        full = "";
        again = true;
        if (connection && (await this.#hold(connection, wanted))) {
          this.#hangUp(false);
          continue; // that was the pause
        }
      } catch (error) {
        if (wanted.aborted) return;
        if (final(error)) {
          this.give(error instanceof Error ? error.message : "", error instanceof Refused && error.elsewhere);
          return;
        }
        fresh = error instanceof Refused && error.status === 401;
        full = error instanceof Refused && error.full ? error.message : "";
      }
      if (wanted.aborted) return;
      this.#set("connecting", full);
      this.#hangUp(false);
      await pause(full ? FULL_MS : PAUSE_MS);
    }
  }

  /**
   * Stay on one connection for as long as it can be healed.
   * @param {RTCPeerConnection} connection
   * @param {AbortSignal} wanted
   * @returns {Promise<boolean>} whether ICE could not be restarted: post anew at once
   */
  async #hold(connection, wanted) {
    let patience = FIRST_PACKET_MS;
    while (await silence(connection, () => this.#set("connected"), wanted, patience)) {
      if (wanted.aborted) break;
      this.#set("connecting");
      // A stage that lives answers within the pause; after one that died nobody waits longer.
      if (!(await Promise.race([this.#restart(connection), pause()]))) return !wanted.aborted;
      patience = RESTARTED_MS;
    }
    return false;
  }

  /**
   * Restart ICE, or join the restart that is under way.
   * @param {RTCPeerConnection} connection
   * @returns {Promise<boolean>} whether the stage knows of it, so that sound may come again
   */
  #restart(connection) {
    this.#restarting ??= restartIce(connection, this.#session, this.#ticket?.ticket ?? "")
      .then(() => true)
      .catch(() => false)
      .finally(() => (this.#restarting = null));
    return this.#restarting;
  }

  /**
   * @param {AbortSignal} wanted
   * @param {boolean} fresh a new ticket is needed
   * @param {boolean} again
   */
  async #connect(wanted, fresh, again) {
    this.#ticket = await this.#renew(fresh);
    const { page } = this.#ticket;
    if (wanted.aborted || !this.#track) return null;
    const connection = new RTCPeerConnection({
      iceServers: this.#ticket.ice_servers ?? [],
      bundlePolicy: "max-bundle",
    });
    this.#connection = connection;
    connection.addTransceiver(this.#track, {
      direction: "sendrecv",
      streams: [new MediaStream([this.#track])],
    });
    connection.addEventListener("track", (event) => {
      this.#audio.srcObject = new MediaStream([event.track]);
      this.#audio.play().catch(() => {});
    });
    const words = await offer(connection);
    const { sdp, session } = await post(this.#ticket.whip_url, this.#ticket.ticket, words, { page, again });
    if (wanted.aborted) {
      bye(session, this.#ticket.ticket);
      return null;
    }
    this.#session = session;
    await connection.setRemoteDescription({ type: "answer", sdp });
    onNetworkChange(connection, () => {
      // Whether it helped is the watchdog's to say.
      if (this.condition === "connected") void this.#restart(connection);
    });
    return connection;
  }

  /** @param {boolean} tell */
  #end(tell) {
    this.#wanted?.abort();
    this.#wanted = null;
    this.#hangUp(tell);
  }

  /** @param {boolean} tell whether the stage is told, or is taken to be gone */
  #hangUp(tell) {
    if (tell && this.#ticket) bye(this.#session, this.#ticket.ticket);
    this.#session = "";
    this.#connection?.close();
    this.#connection = null;
  }

  /**
   * @param {Condition} condition
   * @param {string} [words]
   */
  #set(condition, words = "") {
    if (this.condition === condition && this.words === words) return;
    this.condition = condition;
    this.words = words;
    this.dispatchEvent(new Event("change"));
  }
}

/** @returns {Promise<false>} */
/** @param {number} [ms] at least so long, and at most twice as long */
function pause(ms = PAUSE_MS) {
  return new Promise((go) => setTimeout(go, ms * (1 + Math.random()), false));
}

/** @param {unknown} error */
function final(error) {
  if (error instanceof Refused) return error.final;
  // The studio's own word about the ticket: not signed in, no seat, over.
  const status = error instanceof Error && "status" in error ? Number(error.status) : 0;
  return status === 401 || status === 403 || status === 404 || status === 409;
}
