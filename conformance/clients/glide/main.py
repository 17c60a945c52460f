"""Uses a store through Valkey GLIDE, asynchronously and synchronously, and a cluster through its cluster client."""

import asyncio
import importlib.metadata

import glide
import glide_sync
from glide import Batch, ClusterBatch, ClusterScanCursor, GlideClientConfiguration, GlideClusterClientConfiguration, NodeAddress
from glide import ProtocolVersion, RequestError, Script, ServerCredentials
from harness import ADDRESS, CLUSTER_URI, cases, run, same, urlsplit

CREDENTIALS = ServerCredentials(ADDRESS.password)
CLUSTER_PORT = urlsplit(CLUSTER_URI).port


def configuration(protocol, **options):
    options = {"request_timeout": 10000, "protocol": protocol, **options}
    return GlideClientConfiguration([NodeAddress("127.0.0.1", ADDRESS.port)], credentials=CREDENTIALS, **options)


def on_both_protocols(function):
    for protocol in (ProtocolVersion.RESP2, ProtocolVersion.RESP3):

        async def run_it(protocol=protocol):
            client = await glide.GlideClient.create(configuration(protocol))
            try:
                await function(client)
            finally:
                await client.close()

        cases[f"{function.__name__}_{protocol.name.lower()}"] = run_it


@on_both_protocols
async def values(client):
    same(await client.set("user:1", "Zürich"), "OK")
    same(await client.get("user:1"), "Zürich".encode())
    same(await client.hset("h", {"a": "1", "b": "2"}), 2)
    same(await client.hgetall("h"), {b"a": b"1", b"b": b"2"})
    same(await client.rpush("l", ["x", "y"]), 2)
    same(await client.lrange("l", 0, -1), [b"x", b"y"])
    same(await client.zadd("z", {"m": 1.5}), 1)
    same(await client.zscore("z", "m"), 1.5)
    same(await client.sadd("s", ["a"]), 1)
    same(await client.smembers("s"), {b"a"})
    same(await client.expire("s", 60), True)
    same(await client.custom_command(["OBJECT", "ENCODING", "s"]), b"listpack")
    try:
        await client.incr("l")
        raise AssertionError("no error")
    except RequestError as e:
        assert "wrong kind" in str(e), e


@on_both_protocols
async def batches(client):
    atomic = Batch(is_atomic=True)
    atomic.set("n", "41").incr("n").get("n")
    same(await client.exec(atomic, raise_on_error=True), ["OK", 42, b"42"])
    pipeline = Batch(is_atomic=False)
    for _ in range(1000):
        pipeline.incr("counter")
    same(await client.exec(pipeline, raise_on_error=True), list(range(1, 1001)))
    await asyncio.gather(*(client.incr("many") for _ in range(1000)))
    same(await client.get("many"), b"1000")


@on_both_protocols
async def streams_and_scripts(client):
    same(await client.invoke_script(Script("return {KEYS[1], ARGV[1]}"), ["k"], ["v"]), [b"k", b"v"])
    await client.xgroup_create("s", "g", "0", glide.StreamGroupOptions(make_stream=True))
    entry = await client.xadd("s", [("message_id", "m1"), ("payload", "{}")])
    read = await client.xreadgroup({"s": ">"}, "g", "c")
    same(read[b"s"][entry], [[b"message_id", b"m1"], [b"payload", b"{}"]])
    same(await client.xack("s", "g", [entry]), 1)
    same(await client.xtrim("s", glide.TrimByMaxLen(exact=True, threshold=0)), 1)


async def publishes():
    subscriptions = GlideClientConfiguration.PubSubSubscriptions({GlideClientConfiguration.PubSubChannelModes.Exact: {"news"}}, None, None)
    subscriber = await glide.GlideClient.create(configuration(ProtocolVersion.RESP3, pubsub_subscriptions=subscriptions))
    publisher = await glide.GlideClient.create(configuration(ProtocolVersion.RESP3))
    same(await publisher.publish("hello", "news"), 1)
    same((await asyncio.wait_for(subscriber.get_pubsub_message(), 20)).message, b"hello")
    await subscriber.close()
    await publisher.close()


async def cluster():
    at = GlideClusterClientConfiguration([NodeAddress("127.0.0.1", CLUSTER_PORT)], request_timeout=10000)
    client = await glide.GlideClusterClient.create(at)
    try:
        for i in range(200):
            await client.set(f"key:{i}", str(i))
        same(await client.mget([f"key:{i}" for i in range(200)]), [str(i).encode() for i in range(200)])
        seen, cursor = set(), ClusterScanCursor()
        while not cursor.is_finished():
            cursor, keys = await client.scan(cursor, match="key:*", count=100)
            seen.update(keys)
        same(len(seen), 200)
        batch = ClusterBatch(is_atomic=True)
        batch.set("{tag}a", "1").incr("{tag}a")
        same(await client.exec(batch, raise_on_error=True), ["OK", 2])
        same(await client.delete([f"key:{i}" for i in range(200)]), 200)
    finally:
        await client.close()


def synchronous():
    at = glide_sync.GlideClientConfiguration(
        [glide_sync.NodeAddress("127.0.0.1", ADDRESS.port)], credentials=glide_sync.ServerCredentials(ADDRESS.password)
    )
    client = glide_sync.GlideClient.create(at)
    same(client.set("a", "1"), "OK")
    same(client.incrby("a", 41), 42)
    batch = glide_sync.Batch(is_atomic=True)
    batch.hset("h", {"f": "v"}).hgetall("h")
    same(client.exec(batch, raise_on_error=True), [1, {b"f": b"v"}])
    client.close()


cases.update(publishes=publishes, cluster=cluster, synchronous=synchronous)
run(importlib.metadata.version("valkey-glide"))
