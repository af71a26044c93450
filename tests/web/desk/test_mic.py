"""The microphone on the stage page: the sound test, unplugged and plugged in again.

No browser can be made to lose a device by a program, so the page's own devices are wrapped: what
the browser would say when a plug is pulled is said by the test.
"""

from __future__ import annotations

from typing import Final

import pytest
from playwright.async_api import Page, expect

from tests.web.desk.evening import evening
from tests.web.desk.test_seats import as_speaker
from tests.web.running import Running

pytestmark = pytest.mark.browser

PLUG: Final = """
(() => {
  const media = navigator.mediaDevices;
  const [get, list] = [media.getUserMedia.bind(media), media.enumerateDevices.bind(media)];
  let gone = "";
  let track = null;
  media.getUserMedia = async (wanted) => {
    if (gone === "all") throw new DOMException("", "NotFoundError");
    const stream = await get(wanted);
    track = stream.getAudioTracks()[0];
    return stream;
  };
  media.enumerateDevices = async () =>
    (await list()).filter((one) => gone !== "all" && one.deviceId !== gone);
  window.pull = (all) => {
    gone = all ? "all" : track.getSettings().deviceId;
    const pulled = track;
    pulled.stop();
    pulled.dispatchEvent(new Event("ended"));
    media.dispatchEvent(new Event("devicechange"));
  };
  window.plug = () => {
    gone = "";
    media.dispatchEvent(new Event("devicechange"));
  };
})();
"""


async def test_the_sound_test_gives_a_verdict(web: Running, page: Page) -> None:
    async with evening(web, status="scheduled") as space:
        await as_speaker(space, page, "Amara")
        await page.locator("#mic-more > summary").click()
        await page.locator("#trial").click()
        words = page.locator("#trial-words")
        await expect(words).to_contain_text("Speak now")
        # The fake device beeps once a second in silence, as loud as it can be.
        await expect(words).to_have_attribute("data-verdict", "good", timeout=10_000)


@pytest.mark.parametrize("everything", [False, True])
async def test_an_unplugged_microphone_is_told_and_used_again(
    web: Running, page: Page, everything: bool
) -> None:
    await page.add_init_script(PLUG)
    async with evening(web, status="scheduled") as space:
        await as_speaker(space, page, "Amara")
        await expect(page.locator("#check")).to_be_hidden()
        chosen = await page.locator("#device option").nth(1).get_attribute("value") or ""
        await page.locator("#mic-more > summary").click()
        await page.locator("#device").select_option(chosen)
        await expect(page.locator("#device")).to_have_value(chosen)
        await page.wait_for_timeout(300)
        await page.evaluate("(all) => pull(all)", everything)
        said = "nobody hears you" if everything else "is used until it is back"
        await expect(page.locator("#unplugged")).to_contain_text(said)
        await page.evaluate("() => plug()")
        await expect(page.locator("#unplugged")).to_be_hidden()
        await expect(page.locator("#mic-words")).to_contain_text("is back and in use")
        await expect(page.locator("#device")).to_have_value(chosen)
