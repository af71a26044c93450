"""A person who has a keyboard and no mouse, and who must always see where they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from playwright.async_api import Page

TABS_MAX: Final = 90  # more presses than any page has places to stop at
SEEN_MS: Final = 2_000

# Why the focus cannot be seen; "" when it can: it is somewhere, has an outline, and is not covered.
UNSEEN: Final = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return "nothing has the focus";
  const said = at.id || at.className || at.tagName;
  let outlined = at;
  for (let up = 0; outlined && up < 3; up += 1) {
    const { outlineStyle, outlineWidth } = getComputedStyle(outlined);
    if (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) break;
    outlined = up === 2 ? null : outlined.parentElement;
  }
  if (!outlined) return `no outline shows that ${said} has the focus`;
  const box = at.getBoundingClientRect();
  const [left, right] = [Math.max(0, box.left), Math.min(innerWidth, box.right)];
  const [top, bottom] = [Math.max(0, box.top), Math.min(innerHeight, box.bottom)];
  if (right - left < 1 || bottom - top < 1) return `${said} has the focus outside of the window`;
  for (const x of [0.1, 0.5, 0.9]) {
    for (const y of [0.1, 0.5, 0.9]) {
      const hit = document.elementFromPoint(left + x * (right - left), top + y * (bottom - top));
      if (hit && (at.contains(hit) || hit.contains(at))) return "";
    }
  }
  return `${said} has the focus and is covered`;
}"""


@dataclass(frozen=True, slots=True)
class Keyboard:
    """Keys only. After each one the focus is somewhere, outlined, and not covered."""

    page: Page

    async def to(self, selector: str, *, back: bool = False) -> None:
        """Tab, or Shift+Tab, to an element."""
        for _ in range(TABS_MAX):
            if await self._is_at(selector):
                return
            await self.page.keyboard.press("Shift+Tab" if back else "Tab")
            # Beyond the last place to stop at, a window's own bar comes before the first.
            if not await self.page.evaluate("() => document.activeElement === document.body"):
                await self.is_seen()
        raise AssertionError(f"no key leads to {selector}")

    async def press(self, key: str) -> None:
        """A key after which the page is another one: where one is there is not judged."""
        await self.page.keyboard.press(key)

    async def type(self, text: str) -> None:
        await self.page.keyboard.type(text)

    async def go(self, selector: str, key: str = "Enter", *, back: bool = False) -> None:
        """Tab to an element and press it."""
        await self.to(selector, back=back)
        await self.press(key)

    async def write(self, selector: str, text: str, *, back: bool = False) -> None:
        """Tab to a field and fill it in."""
        await self.to(selector, back=back)
        await self.type(text)

    async def is_on(self, selector: str) -> None:
        """Wait until the focus has been put on an element, visibly."""
        await self.page.wait_for_function(
            "selector => document.activeElement?.matches(selector)", arg=selector, timeout=SEEN_MS
        )
        await self.is_seen()

    async def is_seen(self) -> None:
        """The focus is visible, or about to be: what scrolls takes a moment."""
        try:
            await self.page.wait_for_function(f"() => !({UNSEEN})()", timeout=SEEN_MS)
        except Exception as late:
            why = await self.page.evaluate(UNSEEN)
            raise AssertionError(why or "the focus came too late") from late

    async def _is_at(self, selector: str) -> bool:
        found: bool = await self.page.evaluate(
            "selector => document.activeElement?.matches(selector) ?? false", selector
        )
        return found
