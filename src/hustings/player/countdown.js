/** The time that is left until a conversation begins. */

import { make, on } from "./page.js";
import { span } from "./time.js";

/**
 * @param {import("./door.js").State} state
 * @param {number} nowMs  the edge's clock
 */
export function showCountdown(state, nowMs) {
  const early = ["scheduled", "doors"].includes(state.status);
  const leftMs = early ? state.starts_at_ms - nowMs : 0;
  const cells = countdown(leftMs);
  const { countdown: box } = on;
  box.hidden = !cells.length;
  const text = cells.map((cell) => `${cell.value} ${cell.unit}`).join(" ");
  if (box.dataset.text === text) return;
  box.dataset.text = text;
  box.replaceChildren(
    ...cells.flatMap(({ value, unit }, index) => [
      index ? " " : "",
      make("span", "cell", make("b", "", value), " ", make("span", "", unit)),
    ]),
  );
}

/**
 * What is left until a moment, in the two or three units that matter.
 * @returns {{value: string, unit: string}[]} empty when the moment has come
 */
export function countdown(leftMs) {
  if (leftMs <= 0) return [];
  const whole = Math.ceil(leftMs / 1000);
  const all = [
    [Math.floor(whole / 86400), "day"],
    [Math.floor(whole / 3600) % 24, "hour"],
    [Math.floor(whole / 60) % 60, "minute"],
    [whole % 60, "second"],
  ];
  const from = Math.min(2, all.findIndex(([number]) => number > 0));
  return all.slice(from, from ? 4 : 3).map(([number, unit], index) => ({
    value: String(number).padStart(index ? 2 : 1, "0"),
    unit: span(unit).formatToParts(number).find(({ type }) => type === "unit")?.value ?? unit,
  }));
}
