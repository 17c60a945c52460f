"""One store for three services: an API in Go with a cache of two levels, jobs and a stream; enrichment in Python with a cache and ARQ;
a guesser of CPE names with its dictionary in database 8, written here as cpe-guesser keeps it, for no registry has that."""

import asyncio
import os
import random
import subprocess
import sys
import time
from importlib.metadata import version

import arq
import redis
from arq.connections import RedisSettings
from harness import ADDRESS, SHORT, URI, case, figure, percentiles, run, same, until

PREFIX = "zt:"
DICTIONARY = 167_573
store = redis.Redis(host=ADDRESS.hostname, port=ADDRESS.port, password=ADDRESS.password, db=0, decode_responses=True)
dictionary = redis.Redis(host=ADDRESS.hostname, port=ADDRESS.port, password=ADDRESS.password, db=8, decode_responses=True)


class Service:
    """A service in Go; ask() sends it a request and gives its answer."""

    def __init__(self, *words):
        self.process = subprocess.Popen(
            [os.environ["GO_PROGRAM"], URI, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sys.stderr, text=True
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def line(self):
        return self.process.stdout.readline().strip()

    def ask(self, request):
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        return self.line()


@case
def a_cache_of_two_levels_in_two_languages():
    with Service("cache") as one, Service("cache") as two:
        same((one.line(), two.line()), ("ready", "ready"))
        same(one.ask("get app:1"), "miss")
        same(one.ask("warm"), "ok")
        same([one.ask("get app:1"), one.ask("get app:1"), two.ask("get app:1")], ["L2 1", "L1 1", "L2 1"])
        same(store.get(PREFIX + "app:999"), "999")
        assert 290 < store.ttl(PREFIX + "app:1") <= 300
        store.set(PREFIX + "app:1", "new", ex=300)
        same(store.publish("cache:invalidate", "app:1"), 2)
        for service in (one, two):
            until(lambda: service.ask("get app:1") == "L1 new" or service.ask("get app:1") == "L2 new")
        same(two.ask("invalidate app:*"), "ok")
        until(lambda: one.ask("get app:1") == "miss")
        same(list(store.scan_iter(PREFIX + "app:*")), [])


@case
def priority_jobs_and_their_dead():
    with Service("jobs"):
        until(lambda: store.hgetall("jobs:done") == {"critical": "300", "default": "300", "low": "300"})
        until(lambda: store.zcard("asynq:{default}:archived") == 1)


@case
def a_stream_by_two_processes_of_which_one_dies():
    apps = 5000
    with store.pipeline(transaction=False) as pipe:
        for n in range(apps):
            pipe.xadd("stream:apps", {"app": n}, maxlen=100_000, approximate=True)
        pipe.execute()
    with Service("process", "one"):
        with Service("process", "two"):
            until(lambda: store.hlen("processed") > 500)
        # What the dead process had in hand is claimed here; each step was one transaction, so nothing is done twice.
        until(lambda: store.xinfo_groups("stream:apps")[0]["lag"] == 0)
        until(lambda: all(c["pending"] == 0 for c in store.xinfo_consumers("stream:apps", "processors") if c["name"].startswith("one")))
        _, claimed, *_ = store.xautoclaim("stream:apps", "processors", "reclaimer", 0, count=5000)
        for entry, fields in claimed:
            store.pipeline().hincrby("processed", fields["app"], 1).xack("stream:apps", "processors", entry).execute()
    same(set(store.hvals("processed")), {"1"})
    same(store.hlen("processed"), apps)
    same(store.xpending("stream:apps", "processors")["pending"], 0)


async def enrich(ctx, name):
    if ctx["job_try"] == 1:
        raise arq.Retry(defer=0.05)
    await ctx["redis"].set(f"{PREFIX}enriched:{name}", "yes", ex=300)
    return f"enriched {name}"


@case
async def jobs_of_the_enrichment():
    hooks = []

    async def note_start(ctx):
        hooks.append("start")

    async def note_stop(ctx):
        hooks.append("stop")

    pool = await arq.create_pool(RedisSettings.from_dsn(URI))
    options = {"poll_delay": 0.02, "handle_signals": False, "on_startup": note_start, "on_shutdown": note_stop}
    worker = arq.Worker([enrich], redis_settings=RedisSettings.from_dsn(URI), **options)
    running = asyncio.create_task(worker.async_run())
    jobs = [await pool.enqueue_job("enrich", f"app-{n}", _job_id=f"job-{n}", _defer_by=0.05) for n in range(50)]
    same(await pool.enqueue_job("enrich", "app-0", _job_id="job-0"), None)
    same([await job.result(timeout=30, poll_delay=0.02) for job in jobs], [f"enriched app-{n}" for n in range(50)])
    await worker.close()
    await asyncio.gather(running, return_exceptions=True)
    await pool.aclose()
    same(hooks, ["start", "stop"])
    same(len(list(store.scan_iter(f"{PREFIX}enriched:*"))), 50)


def fill_dictionary(count):
    """Names like those of the real dictionary; the same on every store."""
    dice = random.Random(8)
    words = [f"{a}{b}" for a in ("micro", "open", "data", "net", "cloud", "web", "soft", "sys", "pro", "lib") for b in range(300)]
    pipe = dictionary.pipeline(transaction=False)
    for n in range(count):
        vendor, product = dice.choice(words), [dice.choice(words) for _ in range(dice.randint(1, 3))]
        name = f"cpe:2.3:a:{vendor}:{'_'.join(product)}_{n}"
        for word in {vendor, *product}:
            pipe.sadd(f"w:{word}", name)
            pipe.zadd(f"s:{word}", {name: 1}, incr=True)
        pipe.zadd("rank:cpe", {name: dice.randint(1, 100)})
        if n % 1000 == 999:
            pipe.execute()
    pipe.execute()


def guess(words):
    names = dictionary.sinter([f"w:{word}" for word in words])
    pipe = dictionary.pipeline(transaction=False)
    for name in names:
        for word in words:
            pipe.zscore(f"s:{word}", name)
        pipe.zscore("rank:cpe", name)
    scores, width = pipe.execute(), len(words) + 1
    ranked = [(sum(scores[i * width : (i + 1) * width]), name) for i, name in enumerate(names)]
    return sorted(ranked, reverse=True)


@case
def the_dictionary_in_database_8():
    count = 2000 if SHORT else DICTIONARY
    store.set("only in 0", 1)
    fill_dictionary(count)
    same(dictionary.zcard("rank:cpe"), count)
    same(store.dbsize(), 1)
    assert dictionary.dbsize() > 1000
    best = guess(["open1", "data2"])
    assert all("open1" in name and "data2" in name for _, name in best)
    times = []
    for n in range(300):
        begin = time.perf_counter()
        guess([f"open{n}"][:1])
        times.append(time.perf_counter() - begin)
    figure(f"000 guess by one word among {count:,} names, p50 / p99", "%.1f ms / %.1f ms" % percentiles(times))
    dictionary.flushdb()
    same(store.get("only in 0"), "1")


@case
def health():
    same(store.ping(), True)
    same((store.dbsize(), dictionary.dbsize()), (0, 0))
    assert store.info("clients")["connected_clients"] >= 1


@case
def performance():
    """Operations of a cache from one client, and 16 at a time in a pipeline."""
    count = 500 if SHORT else 20000
    times = []
    for n in range(count):
        begin = time.perf_counter()
        store.get(f"{PREFIX}app:{n % 1000}")
        times.append(time.perf_counter() - begin)
    figure("000 GET by redis-py, p50 / p99", "%.2f ms / %.2f ms" % percentiles(times[count // 4 :]))
    try:
        words = ["-p", ADDRESS.port, "-a", ADDRESS.password, "-t", "set,get", "-n", 20000 if SHORT else 1000000, "-P", 16, "-r", 100000, "--csv"]
        for _ in ("warm-up", "measured"):
            lines = subprocess.run(["valkey-benchmark", *map(str, words)], capture_output=True, text=True, check=True).stdout.splitlines()
    except FileNotFoundError:
        return
    for line in lines[1:]:
        name, rate = line.replace('"', "").split(",")[:2]
        figure(f"000 {name}, 50 clients, 16 in a pipeline", f"{float(rate) / 1000:.0f} K/s")


run(f"go-redis 9.23.0, asynq 0.26.0, redis-py {version('redis')}, ARQ {version('arq')}")
