// Order in the space: who is blocked, and what was reported.

import { call, Problem } from "./api.js";
import { command, SPACE } from "./command.js";
import { element, keep, part, write } from "./page.js";
import { t } from "./t.js";
import { done } from "./toast.js";

let blockedCount = 0;
let reportsCount = 0;

/**
 * Keep somebody from writing and speaking here.
 * @param {{person: string, name: string}} who
 * @param {string} reason
 */
export async function block({ person, name }, reason) {
  if (!(await command("POST", "/blocks", { person, name, reason }))) return;
  done(t("{name} is blocked from this space.", { name }), () => unblock(person));
}

/** @param {string} person */
function unblock(person) {
  return command("DELETE", `/blocks/${person}`, { reason: "" });
}

/** @param {{person: string, name: string, reason: string}[]} blocked */
export function showBlocked(blocked) {
  const rows = blocked.map((one) => ({ ...one, id: one.person }));
  keep(element("blocked"), rows, "person", make, (row, one) => {
    write(/** @type {HTMLElement} */ (row.firstElementChild), one.reason ? `${one.name}: ${one.reason}` : one.name);
  });
  element("blocked-none").hidden = blocked.length > 0;
  blockedCount = blocked.length;
  count();
}

/** @param {{id: string, name: string}} one */
function make({ id, name }) {
  const row = document.createElement("li");
  row.className = "between";
  const words = document.createElement("span");
  const again = button("unblock", t("Unblock"), () => void unblock(id));
  again.ariaLabel = t("Unblock {name}", { name });
  row.append(words, again);
  return row;
}

/** Look for what was reported in this space and nobody has decided. */
export async function lookForReports() {
  /** @type {Report[]} */
  let found;
  try {
    found = await call("GET", `${SPACE}/reports`);
  } catch (error) {
    if (error instanceof Problem) return; // the next look may find it
    throw error;
  }
  keep(element("reports"), found, "report", makeReport, (row, one) => {
    const times = one.count > 1 ? t("reported {count} times", { count: one.count }) : t("reported once");
    const said = one.reasons.filter(Boolean).join(" · ");
    write(part(row, "strong"), one.name || t("This space"));
    write(part(row, "p"), one.text);
    write(part(row, "span"), said ? `${times}: ${said}` : times);
  });
  element("reports-none").hidden = found.length > 0;
  reportsCount = found.length;
  count();
}

/**
 * @typedef {{id: string, about: string, about_id: string, person: string, name: string, text: string,
 *   count: number, reasons: string[]}} Report
 * @param {Report} one
 */
function makeReport({ about, about_id, person, name }) {
  const row = document.createElement("li");
  row.append(document.createElement("strong"), document.createElement("p"), document.createElement("span"));
  part(row, "span").className = "soft small";
  const where = { message: "chat", question: "questions" }[about];
  const buttons = document.createElement("div");
  buttons.className = "row";
  if (where) buttons.append(button("remove", t("Remove it"), async () => {
    if (!(await command("DELETE", `/${where}/${about_id}`, { reason: "" }))) return;
    done(t("It is removed."), () => command("POST", `/${where}/${about_id}/restore`));
  }));
  if (person) buttons.append(button("block", t("Block {name}", { name }), () => block({ person, name }, "")));
  row.append(buttons);
  return row;
}

/**
 * @param {string} act
 * @param {string} label
 * @param {() => void} press
 */
function button(act, label, press) {
  const made = document.createElement("button");
  made.type = "button";
  made.dataset.act = act;
  made.textContent = label;
  made.addEventListener("click", press);
  return made;
}

function count() {
  write(element("order-count"), String(blockedCount + reportsCount));
}
