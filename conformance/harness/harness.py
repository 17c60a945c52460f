"""What the programs for Python share. A program is called with URI, CLUSTER_URI and perhaps names of cases; it prints `version V`,
then `NAME passed` or `NAME failed: why` for each case. Every case begins on an empty store."""

import asyncio
import inspect
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from urllib.parse import urlsplit

URI = sys.argv[1]
CLUSTER_URI = sys.argv[2] if len(sys.argv) > 2 else None
ADDRESS = urlsplit(URI)
LONG = "CLIENTS_LONG" in os.environ  # kills processes and waits until their leases end
SHORT = "CLIENTS_SHORT" in os.environ
CASE_SECONDS = 900 if LONG or SHORT else 60  # a short run is ended as a whole, and then counts as left out, not as failed
cases = {}


def case(function):
    """Registers a function, or coroutine function, without arguments under its name."""
    cases[function.__name__] = function
    return function


def command(uri, line):
    """Sends one inline command on a connection of its own, without any client, and returns the first line of its answer."""
    at = urlsplit(uri)
    with socket.create_connection((at.hostname, at.port), 20) as connection:
        words = f"AUTH {at.password}\r\n" if at.password else ""
        connection.sendall(f"{words}{line}\r\n".encode())
        answers = connection.makefile("rb")
        if at.password:
            answers.readline()
        return answers.readline().strip().decode()


def same(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def fails(error, text, function, *args):
    try:
        answer = function(*args)
    except error as e:
        assert text in str(e), str(e)
        return
    raise AssertionError(f"no {error.__name__} but {answer!r}")


def until(condition, seconds=CASE_SECONDS / 2):
    """Waits until the condition holds and returns what it gave."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{inspect.getsource(condition).strip()} did not come true in {seconds} s"
        time.sleep(0.01)


async def becomes(condition, seconds=CASE_SECONDS / 2):
    """The same for a coroutine function."""
    end = time.monotonic() + seconds
    while True:
        value = await condition()
        if value:
            return value
        assert time.monotonic() < end, f"{inspect.getsource(condition).strip()} did not come true in {seconds} s"
        await asyncio.sleep(0.01)


def percentiles(seconds):
    """The median and the 99th percentile, in milliseconds."""
    ordered = sorted(seconds)
    return ordered[len(ordered) // 2] * 1000, ordered[len(ordered) * 99 // 100] * 1000


class Toolkit:
    """The toolkit for Java in a process of its own; a call is a request of Companion.java, with an underscore for a hyphen."""

    def __enter__(self):
        self.process = subprocess.Popen([*os.environ["TOOLKIT"].split(), URI], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def __getattr__(self, request):
        def call(*words):
            self.process.stdin.write("\t".join([request.replace("_", "-"), *map(str, words)]) + "\n")
            self.process.stdin.flush()
            return next(line[2:].rstrip("\n") for line in self.process.stdout if line.startswith("= "))

        return call


def figure(name, value):
    """A measurement, for the table at the end."""
    print(f"figure {name}: {value}", flush=True)


def late(*_):
    raise TimeoutError(f"the case took longer than {CASE_SECONDS} s")


def run(version):
    """Runs the cases and ends the program."""
    print(f"version {version}", flush=True)
    signal.signal(signal.SIGALRM, late)
    failed = False
    for name, function in cases.items():
        if sys.argv[3:] and name not in sys.argv[3:]:
            continue
        for uri in filter(None, (URI, CLUSTER_URI)):
            command(uri, "FLUSHALL")
        signal.alarm(CASE_SECONDS)
        try:
            if inspect.iscoroutinefunction(function):
                asyncio.run(function())
            else:
                function()
            print(f"{name} passed", flush=True)
        except (Exception, asyncio.CancelledError) as e:
            failed = True
            traceback.print_exc()
            print(f"{name} failed: {' '.join(repr(e).split())[:300]}", flush=True)
        finally:
            signal.alarm(0)
    sys.exit(failed)
