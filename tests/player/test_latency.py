"""Latency control: what it answers, and where it settles."""

from __future__ import annotations

import pytest

from tests.player.browser import Visit, run

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STEER = "(m, readings) => readings.map((reading) => m.steer(reading))"

# A listener for two minutes: steps of `stepS` arrive with some jitter, the position advances at
# the rate that steer() asks for. Gives the last position and what happened on the way.
SIMULATE = """(m, { stepS, startBehindS, jitterS }) => {
  const edge = new m.LiveEdge();
  let [at, end, dry, next] = [100 - startBehindS, 100, 0, 0];
  let rate = 1;
  const rates = new Set();
  for (let now = 0; now < 120; now += 0.05) {
    if (now >= next) {
      end = 100 + Math.floor(now / stepS) * stepS;
      edge.arrived({ nowS: now, endS: end, stepS: now ? stepS : 0 });
      next = (Math.floor(now / stepS) + 1) * stepS + ((now * 7919) % 1) * jitterS;
    }
    if (at < end) at = Math.min(end, at + 0.05 * rate);
    else if (now > 30) dry += 1;
    const behindS = edge.at(now) - at;
    const told = m.steer({ behindS, aheadS: end - at, targetS: edge.targetS(now) });
    rate = told.rate;
    at += told.jumpS;
    rates.add(rate);
  }
  const behindS = edge.at(120) - at;
  return { behindS, targetS: edge.targetS(120), dry, most: Math.max(...rates) };
}"""


async def test_what_it_answers(visit: Visit) -> None:
    page = await visit()
    cases = [(0.9, 1.0), (0.95, 1.015), (1.1, 1.03), (0.6, 0.97), (1.3, 1.08), (2.4, 1.15)]
    readings = [{"behindS": behind, "aheadS": 1, "targetS": 0.9} for behind, _ in cases]
    answers = await run(page, "latency.js", STEER, readings)
    assert [one["rate"] for one in answers] == [pytest.approx(rate) for _, rate in cases]
    assert {one["jumpS"] for one in answers} == {0}


async def test_it_jumps_only_into_what_it_has(visit: Visit) -> None:
    page = await visit()
    far = {"behindS": 6, "targetS": 0.9}
    readings = [far | {"aheadS": 5.8}, far | {"aheadS": 2.0}, far | {"aheadS": 0.1}]
    jumps = [one["jumpS"] for one in await run(page, "latency.js", STEER, readings)]
    assert jumps == [pytest.approx(5.1), pytest.approx(1.7), 0]


async def test_it_does_not_hurry_into_an_empty_buffer(visit: Visit) -> None:
    page = await visit()
    [answer] = await run(
        page, "latency.js", STEER, [{"behindS": 2.5, "aheadS": 0.2, "targetS": 0.9}]
    )
    assert answer == {"rate": 1, "jumpS": 0}


async def test_where_speed_sounds_bad_it_only_jumps(visit: Visit) -> None:
    page = await visit()
    still = {"aheadS": 2, "targetS": 0.9, "bend": False}
    answers = await run(
        page, "latency.js", STEER, [still | {"behindS": 1.7}, still | {"behindS": 2.1}]
    )
    assert [one["rate"] for one in answers] == [1, 1]
    assert [one["jumpS"] for one in answers] == [0, pytest.approx(1.2)]


@pytest.mark.parametrize(("step", "target"), [(0.32, 0.9), (0.96, 1.54), (1.92, 2.5)])
@pytest.mark.parametrize("start", [0.5, 3.5, 8.0])
async def test_it_settles_at_the_target(
    visit: Visit, step: float, target: float, start: float
) -> None:
    page = await visit()
    argument = {"stepS": step, "startBehindS": start, "jitterS": 0.15}
    end = await run(page, "latency.js", SIMULATE, argument)
    assert end["targetS"] == pytest.approx(target, abs=0.01)
    assert end["behindS"] == pytest.approx(target, abs=0.15)
    assert end["dry"] == 0
    assert end["most"] <= 1.15


async def test_one_late_bundle_is_not_a_slow_cadence(visit: Visit) -> None:
    page = await visit()
    code = """(m) => {
      const edge = new m.LiveEdge();
      for (let k = 0; k < 20; k += 1) edge.arrived({ nowS: k * 0.32, endS: k * 0.32, stepS: 0.32 });
      edge.arrived({ nowS: 8.7, endS: 8.6, stepS: 2.6 });
      return edge.targetS(8.7);
    }"""
    assert await run(page, "latency.js", code) == pytest.approx(0.9)


async def test_stalls_widen_the_cushion_and_calm_takes_it_back(visit: Visit) -> None:
    page = await visit()
    code = """(m) => {
      const edge = new m.LiveEdge();
      edge.arrived({ nowS: 0, endS: 0, stepS: 0.32 });
      edge.stalled(1);
      edge.stalled(2);
      return [2, 61, 63, 130, 200].map((nowS) => edge.targetS(nowS));
    }"""
    found = await run(page, "latency.js", code)
    assert found == [pytest.approx(value) for value in (1.7, 1.7, 1.3, 0.9, 0.9)]


async def test_holes_are_crossed_only_where_there_is_nothing_left(visit: Visit) -> None:
    page = await visit()
    code = "(m, cases) => cases.map(([ranges, at, dry]) => m.beyondHole(ranges, at, dry))"
    two = [[0, 10], [12, 15]]
    cases = [
        [two, 5],
        [two, 9.98],
        [two, 10.5],
        [two, 13],
        [two, 15],
        [[], 3],
        [two, 9.9],
        [two, 9.9, True],
    ]
    found = await run(page, "latency.js", code, cases)
    over = pytest.approx(12.01)
    assert found == [None, over, over, None, None, None, None, over]
