// How good the line to the stage is, measured on the connection itself.

import { element, write } from "./page.js";
import { lineVerdict } from "./verdict.js";

const LOOK_MS = 5000;

/**
 * Keep the words about the line up to date.
 * @param {import("./line.js").Line} line
 */
export function watchQuality(line) {
  const words = element("line-quality");
  let before = { received: 0, lost: 0 };
  async function look() {
    const stats = await line.stats();
    if (!stats) {
      before = { received: 0, lost: 0 };
      return write(words, "");
    }
    /** @type {number | null} */
    let rtt_ms = null;
    const now = { received: 0, lost: 0 };
    for (const report of stats.values()) {
      if (report.type === "candidate-pair" && report.nominated && report.currentRoundTripTime !== undefined) {
        rtt_ms = report.currentRoundTripTime * 1000;
      }
      if (report.type === "inbound-rtp") {
        now.received = report.packetsReceived ?? 0;
        now.lost = Math.max(0, report.packetsLost ?? 0);
      }
    }
    const lost = now.lost - before.lost;
    const all = now.received - before.received + lost;
    before = now;
    write(words, lineVerdict({ rtt_ms, loss: all > 0 ? Math.max(0, lost / all) : null }));
  }
  setInterval(() => void look(), LOOK_MS);
  line.addEventListener("change", () => void look());
}
