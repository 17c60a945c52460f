"""Uses RQ as an application would: queues, and workers in this process that end when there is nothing left."""

from datetime import timedelta

import redis
import rq
import tasks
from harness import URI, case, run, same, until
from rq import Queue, Retry, SimpleWorker
from rq.registry import FailedJobRegistry, ScheduledJobRegistry

STORE = redis.Redis.from_url(URI)


def work(*queues, **options):
    SimpleWorker(list(queues), connection=STORE).work(burst=True, logging_level="ERROR", **options)


@case
def results():
    queue = Queue("default", connection=STORE)
    jobs = [queue.enqueue(tasks.double, n) for n in range(50)]
    same(len(queue), 50)
    work(queue)
    same([job.return_value(refresh=True) for job in jobs], [n * 2 for n in range(50)])


@case
def priorities_and_dependencies():
    high, low = Queue("high", connection=STORE), Queue("low", connection=STORE)
    later = low.enqueue(tasks.double, 1)
    sooner = high.enqueue(tasks.double, 2)
    child = high.enqueue(tasks.double, 3, depends_on=later)
    same(child.get_status(), "deferred")
    work(high, low)
    work(high, low)
    assert sooner.ended_at or sooner.refresh() or sooner.ended_at
    for job in (later, child):
        job.refresh()
    assert sooner.ended_at <= later.ended_at <= child.ended_at
    same(child.return_value(), 6)


@case
def failures_and_retries():
    queue = Queue("default", connection=STORE)
    broken = queue.enqueue(tasks.breaks)
    retried = queue.enqueue(tasks.succeeds_at_the_third_try, retry=Retry(max=3))
    work(queue)
    same(FailedJobRegistry(queue=queue).get_job_ids(), [broken.id])
    assert "broken" in broken.latest_result().exc_string
    same(retried.return_value(refresh=True), 3)
    FailedJobRegistry(queue=queue).requeue(broken.id)
    same(queue.job_ids, [broken.id])


@case
def scheduled():
    queue = Queue("default", connection=STORE)
    job = queue.enqueue_in(timedelta(seconds=1), tasks.double, 21)
    same(ScheduledJobRegistry(queue=queue).get_job_ids(), [job.id])
    scheduler = rq.scheduler.RQScheduler([queue], connection=STORE)
    scheduler.acquire_locks()

    def due():
        scheduler.enqueue_scheduled_jobs()
        return queue.job_ids == [job.id]

    until(due)
    work(queue)
    same(job.return_value(refresh=True), 42)
    scheduler.release_locks()


run(rq.VERSION)
