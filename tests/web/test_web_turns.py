from __future__ import annotations

import asyncio

import pytest

from imagefap_scraper.web.pictures.turns import Turns


async def test_turns_are_limited_and_the_latest_goes_first() -> None:
    turns, order, at_once = Turns(2), list[int](), list[int]()
    gate = asyncio.Event()
    working = 0

    async def work(number: int) -> None:
        nonlocal working
        async with turns:
            working += 1
            at_once.append(working)
            order.append(number)
            await gate.wait()
            await asyncio.sleep(0)
            working -= 1

    tasks = [asyncio.create_task(work(number)) for number in range(7)]
    await asyncio.sleep(0.01)
    assert order == [0, 1]
    tasks[5].cancel()
    gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == [0, 1, 6, 4, 3, 2]
    assert max(at_once) == 2


async def test_a_turn_given_to_one_who_goes_in_the_same_moment_is_not_lost() -> None:
    turns = Turns(1)
    await turns.__aenter__()
    waiting = asyncio.create_task(turns.__aenter__())
    await asyncio.sleep(0)
    await turns.__aexit__()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(1):
        await turns.__aenter__()
