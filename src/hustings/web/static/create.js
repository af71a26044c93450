// The forms with a start: its time is by the clock of whoever fills them in.

const HOUR_MS = 3_600_000;
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

for (const place of document.querySelectorAll("[data-zone]")) {
  if (zone) place.textContent = zone.replaceAll("_", " ");
}
for (const field of document.querySelectorAll("[data-zone-name]")) {
  if (zone) /** @type {HTMLInputElement} */ (field).value = zone;
}
for (const found of document.querySelectorAll("[data-start]")) {
  const start = /** @type {HTMLInputElement} */ (found);
  const exact = /** @type {HTMLInputElement | null} */ (
    start.form?.querySelector("[data-exact]") ?? null
  );
  const at = Number(start.dataset.at);
  if (!start.value) start.value = localValue(at > Date.now() ? new Date(at) : nextHour());
  start.form?.addEventListener("submit", () => {
    // A local date and time without a zone means the browser's zone (ECMA-262, Date.parse).
    const ms = Date.parse(start.value);
    if (exact) exact.value = Number.isNaN(ms) ? "" : String(ms);
  });
}

/** The next full hour that is at least half an hour away. */
function nextHour() {
  const at = new Date(Date.now() + 1.5 * HOUR_MS);
  at.setMinutes(0, 0, 0);
  return at;
}

/** @param {Date} at as a field of type `datetime-local` has it */
function localValue(at) {
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
