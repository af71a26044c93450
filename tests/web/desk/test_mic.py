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
from tests.web.running import Running, until

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


# Chromium's "default" is a second name of a device, in its group, and stays when that one goes.
ALIAS: Final = """
(() => {
  const media = navigator.mediaDevices;
  const [get, list] = [media.getUserMedia.bind(media), media.enumerateDevices.bind(media)];
  let gone = "";
  let track = null;
  const real = async () =>
    (await list()).filter(({ kind, deviceId }) => {
      return kind === "audioinput" && ![gone, "default"].includes(deviceId);
    });
  const named = ({ kind, groupId, label }) => {
    return { kind, deviceId: "default", groupId, label: `Default - ${label}` };
  };
  media.enumerateDevices = async () => {
    const all = await real();
    return [named(all[0]), ...all];
  };
  media.getUserMedia = async (wanted) => {
    const stream = await get(wanted);
    track = stream.getAudioTracks()[0];
    if (!wanted.audio.deviceId) {
      const { label, ...settings } = named((await real())[0]);
      Object.defineProperty(track, "label", { value: label });
      track.getSettings = () => settings;
    }
    return stream;
  };
  window.pull = async () => {
    gone = (await real())[0].deviceId;
    track.stop();
    track.dispatchEvent(new Event("ended"));
    media.dispatchEvent(new Event("devicechange"));
    return gone;
  };
  window.plug = () => {
    gone = "";
    media.dispatchEvent(new Event("devicechange"));
  };
})();
"""


async def test_the_usual_microphone_is_missed_though_there_is_another_usual_one(
    web: Running, page: Page
) -> None:
    await page.add_init_script(ALIAS)
    async with evening(web, status="scheduled") as space:
        await as_speaker(space, page, "Amara")
        await expect(page.locator("#check")).to_be_hidden()
        await page.wait_for_timeout(300)
        headset = await page.evaluate("() => pull()")
        await expect(page.locator("#unplugged")).to_contain_text("is used until it is back")
        await page.wait_for_timeout(500)
        await expect(page.locator("#unplugged")).to_be_visible()
        await page.evaluate("() => plug()")
        await expect(page.locator("#unplugged")).to_be_hidden()
        await expect(page.locator("#mic-words")).to_contain_text("Fake Audio Input 1 is back")
        await expect(page.locator("#device")).to_have_value(headset)


CALL: Final = """
(() => {
  const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  let track = null;
  let muted = false;
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await get(wanted);
    track = stream.getAudioTracks()[0];
    Object.defineProperty(track, "muted", { get: () => muted });
    return stream;
  };
  window.call = (on) => {
    muted = on;
    track.dispatchEvent(new Event(on ? "mute" : "unmute"));
  };
})();
"""


async def test_a_telephone_call_is_told_and_ends_by_itself(web: Running, page: Page) -> None:
    # No program can telephone Chromium: what it would do to the track is done by the test.
    await page.add_init_script(CALL)
    async with evening(web, status="scheduled") as space:
        await as_speaker(space, page, "Amara")
        await expect(page.locator("#check")).to_be_hidden()
        await page.route("**/whip/**", lambda _: None)  # a stage that does not answer yet
        await page.locator("#join").click()
        await page.evaluate("() => call(true)")
        await page.evaluate("() => call(false)")  # a headset that wakes up
        await page.wait_for_timeout(700)
        await expect(page.locator("#unplugged")).to_be_hidden()
        await page.evaluate("() => call(true)")
        await expect(page.locator("#unplugged")).to_contain_text("such as a telephone call")
        state = page.locator(f"[data-seat='{space.seats['Amara']}'] .seat-state")
        await expect(state).to_contain_text("not here")  # who has not joined is not away
        own = f"[data-seat='{space.seats['Amara']}']"

        async def is_away() -> bool:
            seats = (await space.state())["seats"]
            return bool(next(one for one in seats if one["name"] == "Amara Okafor")["away"])

        assert await is_away()
        await page.evaluate("() => call(false)")
        await expect(page.locator("#unplugged")).to_be_hidden()
        await expect(page.locator("#mic-words")).to_contain_text("you are heard again")

        async def is_back() -> bool:
            return not await is_away()

        await until(is_back)
        await expect(page.locator(own)).to_have_attribute("data-muted", "false")


REFUSE: Final = """
(() => {
  const media = navigator.mediaDevices;
  const get = media.getUserMedia.bind(media);
  window.refusal = ["NotAllowedError", "Permission denied"];
  window.only = "";
  media.getUserMedia = async (wanted) => {
    const id = wanted.audio.deviceId?.exact ?? "";
    if (window.refusal && (!window.only || window.only === id)) {
      throw new DOMException(window.refusal[1], window.refusal[0]);
    }
    const stream = await get(wanted);
    window.track = stream.getAudioTracks()[0];
    return stream;
  };
})();
"""
PROBLEMS: Final = (
    ("NotAllowedError", "Permission denied", "Press the sign beside the address"),
    ("NotAllowedError", "Permission dismissed", "press Allow"),
    ("NotAllowedError", "Permission denied by system", "in the computer's settings"),
    ("NotFoundError", "Requested device not found", "Plug one in or switch it on"),
    ("NotReadableError", "Could not start audio source", "Close other programs that use it"),
    ("AbortError", "Starting audioinput failed", "Close other programs that use it"),
    ("InvalidStateError", "", "start the browser anew"),
)


async def test_whatever_is_wrong_with_the_microphone_the_next_step_is_said(
    web: Running, page: Page
) -> None:
    await page.add_init_script(REFUSE)
    async with evening(web, status="scheduled") as space:
        await as_speaker(space, page, "Amara")
        words = page.locator("#mic-words")
        for name, message, said in PROBLEMS:
            await page.evaluate("(it) => { window.refusal = it }", [name, message])
            await page.locator("#check").click()
            await expect(words).to_contain_text(said)
        await page.locator("#mic-more > summary").click()
        await page.locator("#trial").click()
        await expect(page.locator("#trial-words")).to_contain_text("start the browser anew")
        await page.evaluate("() => { window.refusal = null }")
        await page.locator("#trial").click()
        await expect(page.locator("#check")).to_be_hidden()  # the test has turned it on


async def test_a_microphone_that_another_program_holds_leaves_the_one_in_use(
    web: Running, page: Page
) -> None:
    await page.add_init_script(REFUSE)
    await page.add_init_script("window.refusal = null")
    async with evening(web, status="scheduled") as space:
        await as_speaker(space, page, "Amara")
        await expect(page.locator("#check")).to_be_hidden()
        device = page.locator("#device")
        before = await device.input_value()
        ids = [await one.get_attribute("value") for one in await device.locator("option").all()]
        other = next(one for one in ids if one != before)
        await page.evaluate(
            "(id) => { window.only = id; window.refusal = ['NotReadableError', ''] }", other
        )
        await page.locator("#mic-more > summary").click()
        await device.select_option(other)
        await expect(page.locator("#mic-words")).to_contain_text("does not answer")
        await expect(device).to_have_value(before)


async def test_a_permission_taken_back_is_not_called_unplugged(web: Running, page: Page) -> None:
    await page.add_init_script(REFUSE)
    await page.add_init_script("window.refusal = null")
    async with evening(web, status="scheduled") as space:
        await as_speaker(space, page, "Amara")
        await expect(page.locator("#check")).to_be_hidden()
        await page.evaluate("""() => {
            window.refusal = ["NotAllowedError", "Permission denied"];
            window.track.stop();
            window.track.dispatchEvent(new Event("ended"));
        }""")
        await expect(page.locator("#unplugged")).to_contain_text("may not use the microphone")
