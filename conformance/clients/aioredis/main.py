"""Uses a store through aioredis 2.0.1, which is no longer kept but still deployed, as a program would."""

import asyncio
import builtins
import sys

from harness import URI, case, run, same

if sys.version_info >= (3, 11):
    # aioredis derives from both TimeoutErrors, which are one since Python 3.11. It sees two while it is imported.
    asyncio.TimeoutError = type("TimeoutError", (Exception,), {})
import aioredis
import aioredis.exceptions

asyncio.TimeoutError = builtins.TimeoutError


def with_client(function):
    async def run_it():
        r = aioredis.from_url(URI, decode_responses=True)
        try:
            await function(r)
        finally:
            await r.close()

    run_it.__name__ = function.__name__
    return case(run_it)


@with_client
async def values(r):
    same(await r.set("user:1", "Zürich", ex=60), True)
    same(await r.get("user:1"), "Zürich")
    same(await r.ttl("user:1"), 60)
    same(await r.hset("h", mapping={"a": 1, "b": 2}), 2)
    same(await r.hgetall("h"), {"a": "1", "b": "2"})
    same(await r.rpush("l", *range(5)), 5)
    same(await r.lrange("l", 1, 2), ["1", "2"])
    same(await r.zadd("z", {"m": 1.5}), 1)
    same(await r.zrange("z", 0, -1, withscores=True), [("m", 1.5)])
    same({key async for key in r.scan_iter("*")}, {"user:1", "h", "l", "z"})
    try:
        await r.incr("l")
        raise AssertionError("no error")
    except aioredis.exceptions.ResponseError as e:
        assert "wrong kind" in str(e), e


@with_client
async def pipelines(r):
    async with r.pipeline(transaction=True) as pipe:
        same(await pipe.set("n", 41).incr("n").get("n").execute(), [True, 42, "42"])
    same(await asyncio.gather(*(r.incr("counter") for _ in range(200))) != [], True)
    same(await r.get("counter"), "200")


@with_client
async def blocking(r):
    taken = asyncio.create_task(r.blpop("list", timeout=20))
    await asyncio.sleep(0.05)
    await r.rpush("list", "x")
    same(await taken, ("list", "x"))


@with_client
async def publishes(r):
    subscriber = r.pubsub()
    await subscriber.subscribe("cache:invalidate")
    async for message in subscriber.listen():
        if message["type"] == "subscribe":
            same(await r.publish("cache:invalidate", "user:1"), 1)
        else:
            same(message["data"], "user:1")
            break
    await subscriber.close()


@with_client
async def streams_and_scripts(r):
    await r.xgroup_create("s", "g", mkstream=True)
    entry = await r.xadd("s", {"n": 1})
    same(await r.xreadgroup("g", "c", {"s": ">"}), [["s", [(entry, {"n": "1"})]]])
    same(await r.xack("s", "g", entry), 1)
    same(await r.register_script("return ARGV[1] + 1")(args=[41]), 42)


run(aioredis.__version__)
