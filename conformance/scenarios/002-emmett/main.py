"""The cache handler of a web framework: the handler alone, several processes of the application on one cache, and its speed."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from harness import ADDRESS, SHORT, case, fails, figure, percentiles, run, same, until

HTTP_PORT = ADDRESS.port + 30
os.environ.update(VALKEY_HOST=ADDRESS.hostname, VALKEY_PORT=str(ADDRESS.port), VALKEY_PASSWORD=ADDRESS.password)
from app import ValkeyCache, cache, redis_cache, valkey_cache


@case
def get_set_clear():
    same(valkey_cache.get("none"), None)
    valkey_cache.set("user:1", {"name": "Zürich"})
    same(valkey_cache.get("user:1"), {"name": "Zürich"})
    same(valkey_cache.client.ttl("cache:user:1"), 300)
    valkey_cache.set("user:2", 2, 60)
    same(valkey_cache.client.ttl("cache:user:2"), 60)
    same(valkey_cache.clear("user:1"), 1)
    same(valkey_cache.get("user:1"), None)


@case
def patterns_and_prefixes():
    """Clearing takes no other prefix, nor what is no cache at all."""
    other = ValkeyCache.from_environment()
    other._prefix = "other:"
    for n in range(1000):
        valkey_cache.set(f"page:{n}", n)
    valkey_cache.set("user:1", 1)
    other.set("page:1", 1)
    valkey_cache.client.set("no cache", 1)
    same(valkey_cache.clear("page:*"), 1000)
    same(valkey_cache.clear("page:*"), 0)
    same(valkey_cache.clear(), 1)
    same((other.get("page:1"), valkey_cache.client.get("no cache")), (1, b"1"))


@case
def beside_the_frameworks_own():
    redis_cache.set("a", {"n": 1})
    redis_cache.set("b", 2)
    valkey_cache.set("a", "valkey")
    same((redis_cache.get("a"), redis_cache.get("b"), valkey_cache.get("a")), ({"n": 1}, 2, "valkey"))
    same(cache.get_or_set("once", lambda: 1), 1)
    same(cache.get_or_set("once", lambda: 2), 1)
    redis_cache.clear("b")
    redis_cache.clear()
    same((redis_cache.get("a"), valkey_cache.get("a")), (None, "valkey"))


@case
def expires():
    valkey_cache.set("short", 1, 1)
    same(valkey_cache.get("short"), 1)
    until(lambda: valkey_cache.get("short") is None)


@case
def asynchronous():
    async def load(n):
        await asyncio.sleep(0.01)
        return n

    async def all_of_them():
        return await asyncio.gather(*(valkey_cache.get_or_set_loop(f"loaded:{n}", lambda n=n: load(n)) for n in range(50)))

    same(asyncio.run(all_of_them()), list(range(50)))
    same(valkey_cache.get("loaded:49"), 49)


@case
def pool():
    """More threads than connections get an error of the pool, as many as there are none; a blocking pool lets them wait."""
    import valkey

    small = ValkeyCache.from_environment(pool_size=2)
    held = [small.client.connection_pool.get_connection("GET") for _ in range(2)]
    fails(Exception, "onnection", small.get, "x")
    for connection in held:
        small.client.connection_pool.release(connection)
    blocking = valkey.BlockingConnectionPool(max_connections=5, port=ADDRESS.port, password=ADDRESS.password)
    client = valkey.Valkey(connection_pool=blocking)
    with ThreadPoolExecutor(40) as threads:
        list(threads.map(lambda _: client.incr("counter"), range(2000)))
    same(client.get("counter"), b"2000")


@case
def migrates_by_dump_and_restore():
    """Keys and their time to live, database by database, as from an old store to a new one."""
    for n in range(100):
        valkey_cache.set(f"old:{n}", {"n": n})
    new = ValkeyCache.from_environment()
    new.client.connection_pool.connection_kwargs["db"] = 3
    for key in valkey_cache.client.scan_iter("cache:old:*"):
        new.client.restore(key, valkey_cache.client.pttl(key), valkey_cache.client.dump(key))
    same([new.get(f"old:{n}") for n in range(100)], [{"n": n} for n in range(100)])
    assert 290 < new.client.ttl("cache:old:1") <= 300


def fetch(path, port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return json.loads(answer.read())


@case
def several_processes():
    """What one process has made, all have; so after a clear of one."""
    here = Path(__file__).parent
    ports = [HTTP_PORT + n for n in range(3)]
    serve = lambda port: subprocess.Popen(
        [sys.executable, "-m", "emmett", "-a", "app", "serve", "--port", str(port)], cwd=here, stdout=sys.stderr, stderr=sys.stderr
    )
    processes = [serve(port) for port in ports]
    try:
        for port in ports:
            until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
        first = fetch("/page/start", ports[0])
        same([fetch("/page/start", port) for port in ports], [first] * 3)
        same(len({fetch("/redis/start", port)["by"] for port in ports}), 1)
        with ThreadPoolExecutor(12) as threads:
            answers = list(threads.map(lambda n: fetch(f"/page/{n % 10}", ports[n % 3]), range(300)))
        same(len({answer["name"] for answer in answers}), 10)
        same(fetch("/clear/start", ports[1]), 1)
        same(fetch("/page/start", ports[2])["made"], first["made"] + 1)
        same(len({answer["by"] for answer in answers}) > 1, True)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


@case
def performance():
    def timed(step, count):
        times = []
        for n in range(count):
            begin = time.perf_counter()
            step(n)
            times.append(time.perf_counter() - begin)
        return percentiles(times[count // 2 :])  # the first half warms the store and the client up

    count = 500 if SHORT else 20000
    value = {"text": "x" * 200}
    figure("002 SET, p50 / p99", "%.2f ms / %.2f ms" % timed(lambda n: valkey_cache.set(f"page:{n % 1000}", value), count))
    figure("002 GET, p50 / p99", "%.2f ms / %.2f ms" % timed(lambda n: valkey_cache.get(f"page:{n % 1000}"), count))

    def clear(n):
        for i in range(50):
            valkey_cache.set(f"part:{i}", value)
        begin = time.perf_counter()
        same(valkey_cache.clear("part:*"), 50)
        return time.perf_counter() - begin

    figure("002 clear of 50 keys by pattern among 1,000, p50 / p99", "%.2f ms / %.2f ms" % percentiles([clear(n) for n in range(200)]))


run(", ".join(f"{name} {version(name)}" for name in ("emmett", "valkey", "redis")))
