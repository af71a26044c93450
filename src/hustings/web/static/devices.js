// The choice of microphones, as the browser names them.

import { element } from "./page.js";
import { t } from "./t.js";

/**
 * List them, the one in use chosen.
 * @param {import("./mic.js").Microphone} mic
 */
export async function showDevices(mic) {
  const select = /** @type {HTMLSelectElement} */ (element("device"));
  const found = await mic.devices();
  const options = found.map((one, index) => {
    return new Option(one.label || t("Microphone {number}", { number: index + 1 }), one.deviceId);
  });
  if (!options.length) options.push(new Option(t("The usual one"), ""));
  select.replaceChildren(...options);
  if (mic.deviceId) select.value = mic.deviceId;
}
