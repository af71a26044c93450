// Verdicts in words: on how a microphone sounds, and on the line to the stage. Pure.

import { t } from "./t.js";

const SILENT_DBFS = -75; // what even a quiet room exceeds
const QUIET_DBFS = -42;
const NOISY_DB = 12; // speech that stands less above the room is hard to follow
const NOISY_DBFS = -45;
const CLIPPED = 0.0005; // of all samples
const LOSSY = 0.05; // of packets: the copies in the next ones no longer make good for most
const SLOW_MS = 400; // people begin to talk at the same time (ITU-T G.114)
const DEAF_DB = 40; // what comes back is as loud as what was said

/**
 * @typedef {{peak_dbfs: number, speech_dbfs: number, floor_dbfs: number, clipped: number}} Measured
 *   `clipped`: share of samples at the end of the scale
 */

/**
 * What some seconds of sound measure. Blocks of 20 ms: speech is the loudest tenth, the room the
 * quietest.
 * @param {Float32Array} samples
 * @param {number} rate samples a second
 * @returns {Measured}
 */
export function measure(samples, rate) {
  const size = Math.round(rate / 50);
  const powers = [];
  let peak = 0;
  let clipped = 0;
  for (let start = 0; start + size <= samples.length; start += size) {
    let sum = 0;
    for (let at = start; at < start + size; at += 1) {
      const size_now = Math.abs(samples[at]);
      sum += size_now * size_now;
      if (size_now > peak) peak = size_now;
      if (size_now >= 0.99) clipped += 1;
    }
    powers.push(sum / size);
  }
  powers.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => powers[Math.floor(share * (powers.length - 1))] ?? 0;
  return {
    peak_dbfs: decibels(peak * peak), speech_dbfs: decibels(at(0.9)), floor_dbfs: decibels(at(0.1)),
    clipped: samples.length ? clipped / samples.length : 0,
  };
}

/** @param {number} power */
function decibels(power) {
  return power > 0 ? Math.max(-120, 10 * Math.log10(power)) : -120;
}

/**
 * @param {Measured} found
 * @returns {{verdict: "silent" | "loud" | "quiet" | "noisy" | "good", words: string}}
 */
export function soundVerdict(found) {
  if (found.peak_dbfs < SILENT_DBFS) {
    return { verdict: "silent", words: t("Nothing was heard: this microphone sends silence. Choose another one, or look for a switch on it.") };
  }
  if (found.clipped > CLIPPED) {
    return { verdict: "loud", words: t("Too loud: it distorts. Move away from the microphone a little, or turn it down.") };
  }
  if (found.speech_dbfs < QUIET_DBFS) {
    return { verdict: "quiet", words: t("Quiet. Come closer to the microphone, or speak during the test.") };
  }
  if (found.floor_dbfs > NOISY_DBFS && found.speech_dbfs - found.floor_dbfs < NOISY_DB) {
    return { verdict: "noisy", words: t("It is noisy around you: your voice hardly stands out. Headphones with a microphone help.") };
  }
  return { verdict: "good", words: t("Good: clear and loud enough.") };
}

/**
 * How the way to the stage and back was: what troubles others most comes first.
 * @param {import("./round_trip.js").Measured} found
 */
export function tripVerdict(found) {
  const sound = soundVerdict(found);
  const lost = Math.max(found.loss_up, found.loss_down ?? 0);
  const loss = (100 * lost).toFixed(0);
  if (lost > LOSSY && found.loss_up === lost) {
    return { verdict: "lossy", words: t("Your connection loses {loss} % of what you say. Come closer to your router, or use a cable.", { loss }) };
  }
  if (sound.verdict !== "good" && sound.verdict !== "noisy") return sound;
  if (found.heard_dbfs !== null && found.heard_dbfs < found.speech_dbfs - DEAF_DB) {
    return { verdict: "deaf", words: t("Your voice arrives, but nothing came back to you. Leave and join anew.") };
  }
  if (found.echo_db !== null) {
    return { verdict: "echo", words: t("Your microphone hears your loudspeaker: others hear an echo. Use headphones, or turn it down.") };
  }
  if (sound.verdict === "noisy") return sound;
  if (lost > LOSSY) {
    return { verdict: "lossy", words: t("Your connection loses {loss} % of what others say. Come closer to your router, or use a cable.", { loss }) };
  }
  if ((found.delay_ms ?? 0) > SLOW_MS) {
    const delay = Math.round((found.delay_ms ?? 0) / 10) * 10;
    return { verdict: "slow", words: t("You sound good, but late: {delay} ms from mouth to ear. Leave others a moment to answer.", { delay }) };
  }
  return { verdict: "good", words: t("You sound good.") };
}

/**
 * How good the line is.
 * @param {{rtt_ms: number | null, loss: number | null}} line `loss` as a share
 */
export function lineVerdict({ rtt_ms, loss }) {
  if (rtt_ms === null) return "";
  const numbers = { rtt: Math.round(rtt_ms), loss: (100 * (loss ?? 0)).toFixed(1) };
  if (rtt_ms > 400 || (loss ?? 0) > 0.08) {
    return t("Your line is poor ({rtt} ms, {loss} % lost): come closer to your router, or use a cable.", numbers);
  }
  if (rtt_ms > 200 || (loss ?? 0) > 0.03) return t("Your line is fair ({rtt} ms, {loss} % lost).", numbers);
  return t("Your line is good ({rtt} ms, {loss} % lost).", numbers);
}

/**
 * How we stand to the stage.
 * @param {import("./line.js").Condition} condition
 * @param {{why: string, muted: boolean, on: boolean, status: string}} own `why` the line was refused,
 *   or waits for a place;
 *   `on`: whether there is a microphone
 */
export function standingWords(condition, { why, muted, on, status }) {
  if (condition === "connecting") return why || t("Connecting to the stage…");
  if (condition === "refused") return why;
  if (condition === "away") return t("Not connected: nobody hears you.");
  if (muted) return t("You are here, muted.");
  if (!on) return t("You are here, without a microphone.");
  if (status === "live") return t("You are on air.");
  return status === "scheduled" ? t("You are in the green room.") : t("You are on stage, off air.");
}
