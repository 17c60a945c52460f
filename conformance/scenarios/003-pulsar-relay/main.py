"""The message relay: pulsar-relay as it is published, its storage in the store, and its published client."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timezone
from importlib.metadata import version

from harness import ADDRESS, SHORT, URI, case, command, figure, percentiles, run, same, until
from pulsar_relay.storage.memory import MemoryStorage
from pulsar_relay.storage.valkey import ValkeyStorage
from pulsar_relay_client import RelayTransport

HTTP_PORT = ADDRESS.port + 30
URL = f"http://127.0.0.1:{HTTP_PORT}"
ADMIN = {"username": "admin", "password": "correct-horse-1A"}


@contextmanager
def relay(backend="valkey"):
    """The relay's own server, until the end of the block."""
    environment = {
        **os.environ,
        "PULSAR_STORAGE_BACKEND": backend,
        "PULSAR_VALKEY_HOST": ADDRESS.hostname,
        "PULSAR_VALKEY_PORT": str(ADDRESS.port),
        "PULSAR_VALKEY_PASSWORD": ADDRESS.password,
        "PULSAR_HTTP_PORT": str(HTTP_PORT),
        "PULSAR_JWT_SECRET_KEY": "0123456789abcdef" * 4,
        "PULSAR_BOOTSTRAP_ADMIN_USERNAME": ADMIN["username"],
        "PULSAR_BOOTSTRAP_ADMIN_PASSWORD": ADMIN["password"],
        "PULSAR_ALLOWED_ORIGINS": '["http://localhost"]',
        "PULSAR_TRUSTED_HOSTS": '["127.0.0.1", "localhost"]',
        "PULSAR_BOOTSTRAP_ADMIN_EMAIL": "admin@example.org",
    }
    serve = [sys.executable, "-m", "uvicorn", "pulsar_relay.main:app", "--port", str(HTTP_PORT)]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(serve, env=environment, cwd=folder, stdout=sys.stderr, stderr=sys.stderr)
        try:
            until(is_healthy)
            yield
        finally:
            process.terminate()
            process.wait()


def is_healthy():
    try:
        with urllib.request.urlopen(f"{URL}/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def transport(**options):
    return RelayTransport(URL, **ADMIN, **options)


def first(receiver, post):
    """What is posted while a receiver waits. Without a cursor it gets nothing older; with one, it gets all that came since."""
    stats = urllib.request.Request(f"{URL}/messages/poll/stats", headers=receiver._get_headers())

    def waiters():
        with urllib.request.urlopen(stats, timeout=5) as answer:
            return json.load(answer)["active_waiters"]

    with ThreadPoolExecutor(1) as threads:
        received = threads.submit(receiver.long_poll, ["jobs"], 30)
        until(lambda: waiters() == 1)
        post()
        return received.result()


@case
def publishes_and_polls():
    with relay():
        sender, receiver = transport(), transport()
        sender.post_message("jobs", {"n": -1})
        received = first(receiver, lambda: sender.post_message("jobs", {"n": 0}, metadata={"source": "test"}))
        same(received[0]["metadata"], {"source": "test"})
        for n in range(1, 20):
            sender.post_message("jobs", {"n": n})
        while len(received) < 20:
            received += receiver.long_poll(["jobs"], timeout=10)
        same([message["payload"]["n"] for message in received], list(range(20)))


@case
def messages_survive_a_restart():
    with tempfile.TemporaryDirectory() as folder:
        cursor = os.path.join(folder, "cursor.json")
        with relay():
            received = first(transport(cursor_path=cursor), lambda: transport().post_message("jobs", {"n": 1}))
            same([message["payload"] for message in received], [{"n": 1}])
            transport().post_message("jobs", {"n": 2})
        with relay():
            received = transport(cursor_path=cursor).long_poll(["jobs"], timeout=10)
            same([message["payload"] for message in received], [{"n": 2}])


@case
def from_memory_and_back():
    """Switching the backend is configuration; what lies in the store is not touched by the one in memory."""
    with relay():
        transport().post_message("jobs", {"n": 1})
    before = command(URI, "DBSIZE")
    with relay("memory"):
        transport().post_message("jobs", {"n": 2})
    same(command(URI, "DBSIZE"), before)


async def storage():
    opened = ValkeyStorage(ADDRESS.hostname, ADDRESS.port, password=ADDRESS.password)
    await opened.connect()
    return opened


async def save(to, n, topic="jobs"):
    return await to.save_message("owner", topic, {"n": n}, datetime.now(timezone.utc), {"source": "test"})


@case
async def the_storage_itself():
    """The interface of the document; the one in memory answers the same."""
    for opened in (await storage(), MemoryStorage()):
        ids = [await save(opened, n) for n in range(100)]
        same(await opened.get_topic_length("owner", "jobs"), 100)
        first = await opened.get_messages("owner", "jobs", limit=10)
        same([message["payload"]["n"] for message in first], list(range(10)))
        page = await opened.get_messages("owner", "jobs", since=ids[49], limit=10)
        same([message["payload"]["n"] for message in page], list(range(50, 60)))
        same(await opened.trim_topic("owner", "jobs", 30), 70)
        same(await opened.get_topic_length("owner", "jobs"), 30)
        health = await opened.health_check()
        assert health, health


@case
async def performance():
    """The document's figures: messages a second through the storage, reads of the latest, bytes of a message, a trim."""
    opened = await storage()
    count = 1000 if SHORT else 20000
    for n in range(count // 4):
        await save(opened, n, "warm-up")
    gate = asyncio.Semaphore(200)

    async def one(n):
        async with gate:
            await save(opened, n)

    begin = time.perf_counter()
    await asyncio.gather(*(one(n) for n in range(count)))
    figure("003 messages written by one process", f"{count / (time.perf_counter() - begin) / 1000:.1f} K/s")
    times = []
    for _ in range(1000):
        begin = time.perf_counter()
        await opened.get_messages("owner", "jobs", limit=10, reverse=True)
        times.append(time.perf_counter() - begin)
    figure("003 the ten latest messages, p50 / p99", "%.2f ms / %.2f ms" % percentiles(times))
    size = int(command(URI, "MEMORY USAGE stream:topic:owner/jobs SAMPLES 0").lstrip(":"))
    figure("003 bytes of a message", round(size / count))
    times = []
    for n in range(200):
        await save(opened, n)
        begin = time.perf_counter()
        await opened.trim_topic("owner", "jobs", count)
        times.append(time.perf_counter() - begin)
    figure("003 trim, p50 / p99", "%.2f ms / %.2f ms" % percentiles(times))
    await opened.disconnect()


run(", ".join(f"{name} {version(name)}" for name in ("pulsar-relay", "pulsar-relay-client", "valkey-glide")))
