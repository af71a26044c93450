/** Searching sentences: without regard to case, accents and signs above letters. Pure. */

const MARKS = /\p{M}/gu;

/** Where each letter of a folded text stood: [folded, places]. @param {string} text */
function folded(text) {
  let made = "";
  const places = [];
  let place = 0;
  for (const sign of text) {
    const plain = sign.normalize("NFKD").replace(MARKS, "").toLowerCase();
    for (let at = 0; at < plain.length; at += 1) places.push(place);
    made += plain;
    place += sign.length;
  }
  places.push(place);
  return { made, places };
}

export class Search {
  #texts;
  #folded = [];

  /** @param {string[]} texts */
  constructor(texts) {
    this.#texts = texts;
  }

  /**
   * Where the words stand: which text, and from where to where in it.
   * @param {string} words
   * @returns {{text: number, from: number, to: number}[]}
   */
  find(words) {
    const wanted = folded(words.trim().replace(/\s+/g, " ")).made;
    if (!wanted) return [];
    if (!this.#folded.length) this.#folded = this.#texts.map(folded);
    const found = [];
    this.#folded.forEach(({ made, places }, text) => {
      for (let at = made.indexOf(wanted); at >= 0; at = made.indexOf(wanted, at + wanted.length)) {
        found.push({ text, from: places[at], to: places[at + wanted.length] });
      }
    });
    return found;
  }
}
