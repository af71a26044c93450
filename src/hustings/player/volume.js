/** The volume; iOS leaves it to its buttons, and then there is no control. */

import { make } from "./page.js";
import { t } from "./t.js";

/**
 * @param {HTMLElement} root
 * @param {HTMLAudioElement[]} sounds
 */
export function furnishVolume(root, sounds) {
  const input = make("input");
  Object.assign(input, { id: "volume", type: "range", min: "0", max: "1", step: "0.05", value: "1" });
  root.append(t("Volume"), input);
  const set = (volume) => {
    for (const audio of sounds) audio.volume = volume;
    input.style.setProperty("--done", `${100 * volume}%`);
  };
  set(0.5);
  root.hidden = sounds[0].volume === 1;
  set(1);
  input.addEventListener("input", () => set(Number(input.value)));
}
