// Buttons that copy the field beside them.

import { t } from "./t.js";

const SHOWN_MS = 2000;

for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = document.getElementById(button.getAttribute("data-copy") ?? "");
  if (!(field instanceof HTMLInputElement)) continue;
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      // Without the permission or on plain http: the selection can be copied by hand.
      field.focus();
      field.select();
      return;
    }
    const before = button.textContent;
    button.textContent = t("Copied");
    setTimeout(() => (button.textContent = before), SHOWN_MS);
  });
}
