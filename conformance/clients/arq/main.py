"""Uses ARQ as an application would: a pool that enqueues and workers. `main.py URI worker` is a worker of its own process, which the
last case kills."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys

import arq
from arq import Retry, Worker, cron
from arq.connections import RedisSettings
from arq.jobs import Job, JobStatus
from harness import CASE_SECONDS, LONG, URI, becomes, case, figure, run, same

SETTINGS = RedisSettings.from_dsn(URI)


async def double(ctx, n):
    return n * 2


async def count(ctx, n):
    await ctx["redis"].sadd("done", n)


async def fails_twice(ctx):
    if ctx["job_try"] < 3:
        raise Retry(defer=0.02)
    return ctx["job_try"]


async def breaks(ctx):
    raise ValueError("broken")


async def sleeps(ctx):
    await ctx["redis"].set("begun", 1)
    await asyncio.sleep(100)


@contextlib.asynccontextmanager
async def working(**options):
    """A pool, and a worker beside it."""
    redis = await arq.create_pool(SETTINGS)
    options = {"functions": [double, count, fails_twice, breaks, sleeps], "poll_delay": 0.02, "handle_signals": False, **options}
    worker = Worker(redis_settings=SETTINGS, **options)
    task = asyncio.create_task(worker.async_run())
    try:
        yield redis
    finally:
        # A result can be read before its job has ended, and closing would cancel the rest of it.
        for _ in range(100):
            if not worker.tasks:
                break
            await asyncio.sleep(0.02)
        await worker.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await redis.aclose()


@case
async def results():
    async with working() as redis:
        jobs = [await redis.enqueue_job("double", n) for n in range(100)]
        same([await job.result(timeout=CASE_SECONDS / 2, poll_delay=0.02) for job in jobs], [n * 2 for n in range(100)])
        same(await jobs[0].status(), JobStatus.complete)
        same((await jobs[0].result_info()).success, True)


@case
async def ids_are_unique():
    redis = await arq.create_pool(SETTINGS)
    first = await redis.enqueue_job("double", 1, _job_id="own")
    same(first.job_id, "own")
    same(await redis.enqueue_job("double", 2, _job_id="own"), None)
    same(len(await redis.queued_jobs()), 1)
    await redis.aclose()


@case
async def delays():
    redis = await arq.create_pool(SETTINGS)
    job = await redis.enqueue_job("double", 4, _defer_by=0.5)
    same(await job.status(), JobStatus.deferred)
    await redis.aclose()
    async with working():
        same(await job.result(timeout=CASE_SECONDS / 2, poll_delay=0.02), 8)


@case
async def retries_and_failures():
    async with working() as redis:
        same(await (await redis.enqueue_job("fails_twice")).result(timeout=CASE_SECONDS / 2, poll_delay=0.02), 3)
        job = await redis.enqueue_job("breaks")
        try:
            await job.result(timeout=CASE_SECONDS / 2, poll_delay=0.02)
            raise AssertionError("it did not fail")
        except ValueError as e:
            same(str(e), "broken")


@case
async def aborts():
    async with working(allow_abort_jobs=True) as redis:
        job = await redis.enqueue_job("sleeps")
        await becomes(lambda: redis.get("begun"))
        same(await job.abort(timeout=CASE_SECONDS / 2, poll_delay=0.02), True)


@case
async def runs_by_the_clock():
    calls = []

    async def tick(ctx):
        calls.append(ctx["job_id"])

    async with working(cron_jobs=[cron(tick, second=set(range(60)), run_at_startup=True)]):

        async def ticked():
            return len(set(calls)) >= 3

        await becomes(ticked)


@case
async def hooks_and_health():
    calls = []

    async def started(ctx):
        calls.append("start-up")

    async def stopped(ctx):
        calls.append("shut-down")

    async with working(on_startup=started, on_shutdown=stopped, health_check_interval=1, health_check_key="health") as redis:
        await becomes(lambda: redis.get("health"))
    same(calls, ["start-up", "shut-down"])


@case
async def a_crash_repeats_the_job():
    """A worker that is killed leaves its mark, which ends with the job's time; then another does the job."""
    async with working(job_timeout=1) as redis:
        job = Job("crashed", redis)
        await redis.enqueue_job("double", 21, _job_id="crashed", _defer_by=0.1)
        await redis.set("arq:in-progress:crashed", b"1", px=1000)
        same(await job.result(timeout=CASE_SECONDS / 2, poll_delay=0.02), 42)


async def killed_workers_lose_nothing_of_5000():
    redis = await arq.create_pool(SETTINGS)
    start = lambda: subprocess.Popen([sys.executable, __file__, URI, "worker"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    workers = [start() for _ in range(3)]
    kills = 0
    try:
        for n in range(5000):
            await redis.enqueue_job("count", n)
        while kills < 9 and await redis.scard("done") < 5000:
            before = await redis.scard("done")

            async def goes_on():
                return await redis.scard("done") >= min(before + 300, 5000)

            await becomes(goes_on)
            os.kill(workers[kills % 3].pid, signal.SIGKILL)
            workers[kills % 3].wait()
            workers[kills % 3] = start()
            kills += 1

        async def all_done():
            return await redis.scard("done") == 5000

        await becomes(all_done)
        figure("ARQ workers killed", kills)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
        await redis.aclose()


if sys.argv[2:] == ["worker"]:
    # The mark of a job that a killed worker had in hand stays ten seconds longer than the job may take.
    Worker([count], redis_settings=SETTINGS, poll_delay=0.02, job_timeout=2, max_tries=100, keep_result=0).run()
    sys.exit()
if LONG:
    case(killed_workers_lose_nothing_of_5000)
run(arq.version.VERSION)
