"""Uses Celery as an application would, the store being both broker and result backend; the worker runs in this process."""

import time

import celery
from celery import chain, chord, group
from celery.contrib.testing.worker import start_worker
from harness import URI, case, run, same, until

app = celery.Celery("work", broker=URI, backend=URI)
app.conf.update(worker_hijack_root_logger=False, broker_connection_retry_on_startup=True, result_expires=600)
BEGUN = []


@app.task
def double(n):
    return n * 2


@app.task
def total(numbers):
    return sum(numbers)


@app.task(bind=True, max_retries=5)
def third_time(self):
    if self.request.retries < 2:
        raise self.retry(countdown=0.05)
    return self.request.retries


@app.task
def breaks():
    raise ValueError("broken")


@app.task
def begins(name):
    BEGUN.append(name)


def working(function):
    def run_it():
        with start_worker(app, pool="threads", concurrency=4, perform_ping_check=False, loglevel="error"):
            function()

    run_it.__name__ = function.__name__
    return case(run_it)


@working
def results():
    answers = [double.delay(n) for n in range(100)]
    same([answer.get(timeout=30) for answer in answers], [n * 2 for n in range(100)])


@working
def chains_groups_and_chords():
    same(chain(double.s(1), double.s(), double.s())().get(timeout=30), 8)
    same(group(double.s(n) for n in range(10))().get(timeout=30), [n * 2 for n in range(10)])
    same(chord((double.s(n) for n in range(10)), total.s())().get(timeout=30), 90)


@working
def retries_and_failures():
    same(third_time.delay().get(timeout=30), 2)
    answer = breaks.delay()
    try:
        answer.get(timeout=30)
        raise AssertionError("it did not fail")
    except ValueError as e:
        same(str(e), "broken")
    same(answer.state, "FAILURE")


@working
def countdown():
    start = time.monotonic()
    same(double.apply_async((4,), countdown=0.5).get(timeout=30), 8)
    assert time.monotonic() - start >= 0.5


@working
def revoked():
    answer = begins.apply_async(("never",), countdown=1)
    app.control.revoke(answer.id)
    until(lambda: answer.state == "REVOKED")
    same(BEGUN, [])


run(celery.__version__)
