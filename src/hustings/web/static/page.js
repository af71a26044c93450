// The page's elements, by the names that stage.html gives them.

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T} an element that the page has
 */
export function element(id) {
  return /** @type {T} */ (document.getElementById(id));
}

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {ParentNode} parent
 * @param {string} selector
 * @returns {T}
 */
export function part(parent, selector) {
  return /** @type {T} */ (parent.querySelector(selector));
}

/**
 * Write only what differs, so that live regions speak once.
 * @param {HTMLElement} where
 * @param {string} text
 */
export function write(where, text) {
  if (where.textContent !== text) where.textContent = text;
}

/**
 * A copy of a template's only element.
 * @param {string} id
 */
export function copyOf(id) {
  const made = element(id);
  return /** @type {HTMLElement} */ (
    /** @type {HTMLTemplateElement} */ (made).content.firstElementChild?.cloneNode(true)
  );
}

/**
 * Keep a list's rows in step with items, in their order. Rows are kept, so that focus stays.
 * @template {{id: string}} T
 * @param {HTMLElement} list
 * @param {T[]} items
 * @param {string} key the data attribute that names a row
 * @param {(item: T) => HTMLElement} make
 * @param {(row: HTMLElement, item: T, index: number) => void} fill
 */
export function keep(list, items, key, make, fill) {
  const back = list.contains(document.activeElement) ? comeBack() : null;
  const rows = new Map();
  for (const row of /** @type {Iterable<HTMLElement>} */ (list.children)) rows.set(row.dataset[key], row);
  items.forEach((item, index) => {
    const row = rows.get(item.id) ?? make(item);
    rows.delete(item.id);
    row.dataset[key] = item.id;
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    fill(row, item, index);
  });
  for (const row of rows.values()) row.remove();
  back?.();
}

/**
 * Remember what has the focus, before the page changes or a dialog opens.
 * @returns {() => void} brings it back: to the same place, or else to the next row of its list, its
 *   card's heading, the next step, the title. Whoever has led it elsewhere meanwhile is let be.
 */
export function comeBack() {
  const from = /** @type {HTMLElement | null} */ (document.activeElement);
  const row = from?.closest("li");
  const list = row?.parentElement;
  const place = row ? [...(list?.children ?? [])].indexOf(row) : -1;
  const card = from?.closest(".card");
  return () => {
    const now = document.activeElement;
    if (!from || from === document.body) return;
    if (now !== from && now !== document.body && now?.checkVisibility()) return;
    const beside = row?.isConnected ? row : (list?.children[place] ?? list?.lastElementChild);
    const places = [
      from, ...(beside?.querySelectorAll("button") ?? []), card?.querySelector("[tabindex], summary"),
      element("next-step"), document.querySelector("h1"),
    ];
    const to = places.find((one) => one?.checkVisibility()); // what is not in the page has none
    if (to !== now) /** @type {HTMLElement | undefined} */ (to)?.focus();
  };
}

/**
 * A duration as a clock shows it.
 * @param {number} ms
 */
export function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const minutes = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return s >= 3600 ? `${Math.floor(s / 3600)}:${minutes}` : minutes;
}
