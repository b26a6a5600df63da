"""Showing "typing" costs nothing that an answer needs: httpx's pool keeps its connections, thousands of answers long."""

from __future__ import annotations

import asyncio
import random

from telegram import Bot
from telegram.request import HTTPXRequest

from bot.channels.telegram_bot.delivery import Place, typing
from scripts.load.telegram import CountingTelegram
from tests.telegram_fake import TOKEN

CONNECTIONS, ANSWERS = 4, 400


async def test_no_connection_is_lost_to_an_answer_that_was_quicker_than_the_courtesy() -> None:
    chance, server = random.Random(1), await CountingTelegram().serve()
    request = HTTPXRequest(connection_pool_size=CONNECTIONS, pool_timeout=5.0)
    try:
        async with Bot(TOKEN, base_url=f"{server.url}/bot", request=request) as bot:

            async def answer(number: int) -> None:
                async with typing(bot, Place(number)):
                    await asyncio.sleep(chance.uniform(0, 0.004))
                await bot.send_message(number, "x")

            for start in range(0, ANSWERS, CONNECTIONS):
                await asyncio.gather(*(answer(number) for number in range(start, start + CONNECTIONS)))
            pool = request._client._transport._pool  # type: ignore[attr-defined]
            async with asyncio.timeout(10):
                while not all(one.is_idle() for one in pool.connections):  # noqa: ASYNC110 - the last courtesies end
                    await asyncio.sleep(0.01)
            assert len(pool.connections) <= CONNECTIONS
    finally:
        await server.close()
