"""Reading a page with the eyes of somebody who knows no English: which English texts are left."""

from __future__ import annotations

import re
from typing import Final

from playwright.async_api import Page

from hustings import words

GERMAN: Final = words.load("de")
LONG: Final = 8  # shorter texts stand in words of other languages as well
# Everything that is read or read out, hidden or not: what is hidden now is shown later.
_TEXTS: Final = """() => {
  const texts = [document.title];
  const walk = (root) => {
    for (const node of root.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) texts.push(node.data);
      if (!(node instanceof Element) || ["SCRIPT", "STYLE"].includes(node.tagName)) continue;
      if (node.closest("[data-theirs]")) continue;
      for (const name of ["aria-label", "title", "placeholder", "alt", "aria-valuetext"]) {
        texts.push(node.getAttribute(name) ?? "");
      }
      walk(node);
      if (node instanceof HTMLTemplateElement) walk(node.content);
    }
  };
  walk(document.documentElement);
  return texts;
}"""
_PLAIN: Final = tuple(
    one
    for one, other in (
        *GERMAN.texts.items(),
        *((one, forms[0]) for one, forms in GERMAN.counts.items()),
    )
    if len(one) > LONG and one != other and not re.search(r"\{|%\(", one) and one not in other
)
_MADE: Final = tuple(
    re.compile("(.+)".join(re.escape(part) for part in re.split(r"\{\w+\}|%\(\w+\)s", one)))
    for one, other in GERMAN.texts.items()
    if re.search(r"\{|%\(", one)
    and one != other
    and len(re.sub(r"\{\w+\}|%\(\w+\)s|\W", "", one)) > LONG
)


def left_in_english(texts: list[str]) -> list[str]:
    """Those of `texts` in which an English text of the catalogue stands."""
    said = {" ".join(text.split()) for text in texts}
    return sorted(
        text
        for text in said
        if any(_within(one, text) for one in _PLAIN) or any(one.fullmatch(text) for one in _MADE)
    )


def _within(one: str, text: str) -> bool:
    return one in text and re.search(rf"(?<!\w){re.escape(one)}(?!\w)", text) is not None


async def english_on(page: Page) -> list[str]:
    """What is left in English on a page, templates and hidden parts included."""
    return left_in_english(await page.evaluate(_TEXTS))


async def too_wide(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    found: int = await page.evaluate(
        "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
        " - document.documentElement.clientWidth"
    )
    return max(0, found)
