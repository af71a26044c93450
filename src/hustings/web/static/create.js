// The form for a new space: the start is in the browser's own time zone.

const form = /** @type {HTMLFormElement} */ (document.getElementById("create"));
const local = /** @type {HTMLInputElement} */ (document.getElementById("starts_local"));
const exact = /** @type {HTMLInputElement} */ (document.getElementById("starts_at_ms"));
const zone = /** @type {HTMLElement} */ (document.getElementById("zone"));

zone.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone || "your local";
if (!local.value) local.value = nextHour();

form.addEventListener("submit", () => {
  // A local date and time without a zone means the browser's zone (ECMA-262, Date.parse).
  const ms = Date.parse(local.value);
  exact.value = Number.isNaN(ms) ? "" : String(ms);
});

/** The next full hour that is at least half an hour away, as the input wants it. */
function nextHour() {
  const at = new Date(Date.now() + 90 * 60_000);
  at.setMinutes(0, 0, 0);
  return localValue(at);
}

/** @param {Date} at */
function localValue(at) {
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
