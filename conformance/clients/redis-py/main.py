"""Uses a store through redis-py, sync and asyncio, and a cluster through its RedisCluster, as a program would."""

import asyncio
import threading
import time

import redis
import redis.asyncio
from harness import ADDRESS, CLUSTER_URI, cases, fails, run, same

PORT = ADDRESS.port
PASSWORD = ADDRESS.password
KEYS = {f"key:{i}": str(i).encode() for i in range(500)}
PROTOCOL = 2

TESTS = []
CITIES = {
    "Zürich": 434335, "København": 1366301, "東京": 13960000, "São Paulo": 11451245, "Łódź": 645693,
    "Reykjavík": 139875, "Kraków": 806201, "القاهرة": 10107125, "Αθήνα": 643452, "Москва": 13010112,
}


def test(function):
    TESTS.append(function)
    return function


def connect(**options):
    options.setdefault("password", PASSWORD)
    options.setdefault("decode_responses", True)
    options.setdefault("socket_timeout", 20)
    options.setdefault("protocol", PROTOCOL)
    return redis.Redis(host="127.0.0.1", port=PORT, **options)


def pairs(scores):
    """Members with scores: tuples in RESP2, lists in RESP3."""
    return [(member, score) for member, score in scores]


def collect(messages, count, seconds=10):
    """The next messages of a subscriber."""
    result = []
    end = time.monotonic() + seconds
    while len(result) < count and time.monotonic() < end:
        message = messages.get_message(timeout=0.2)
        if message is not None:
            result.append(message)
    same(len(result), count)
    return result


@test
def strings(r):
    assert r.set("user:1000:name", "Ada Lovelace")
    same(r.get("user:1000:name"), "Ada Lovelace")
    same(r.get("user:1001:name"), None)
    same(r.set("user:1000:name", "x", nx=True), None)
    same(r.set("user:1000:name", "Ada King", xx=True, get=True), "Ada Lovelace")
    same(r.append("user:1000:name", ", Countess"), 18)
    same(r.strlen("user:1000:name"), 18)
    same(r.getrange("user:1000:name", 0, 2), "Ada")
    same(r.setrange("user:1000:name", 4, "KING"), 18)
    same(r.get("user:1000:name"), "Ada KING, Countess")
    assert r.mset({f"page:{i}:hits": i for i in range(100)})
    same(r.mget([f"page:{i}:hits" for i in range(99, 102)]), ["99", None, None])
    same(r.incr("page:99:hits"), 100)
    same(r.incrby("page:99:hits", 900), 1000)
    same(r.decrby("page:99:hits", 1001), -1)
    same(r.incrbyfloat("price", 19.9), 19.9)
    same(r.incrbyfloat("price", 0.1), 20.0)
    same(r.getdel("price"), "20")
    same(r.exists("price"), 0)
    same(r.setnx("lock", "a"), True)
    same(r.setnx("lock", "b"), False)
    same(r.msetnx({"lock": "c", "other": "d"}), False)
    same(r.getset("lock", "e"), "a")
    same(r.set("seen", "ohmytext"), True)
    same(r.set("subject", "mynewtext"), True)
    same(r.execute_command("LCS", "seen", "subject"), "mytext")
    fails(redis.ResponseError, "not an integer", r.incr, "user:1000:name")
    fails(redis.ResponseError, "wrong kind of value", r.lpush, "user:1000:name", "x")


@test
def lists(r):
    same(r.rpush("queue", *[f"job-{i}" for i in range(1000)]), 1000)
    same(r.llen("queue"), 1000)
    same(r.lrange("queue", -2, -1), ["job-998", "job-999"])
    same(r.lpop("queue"), "job-0")
    same(r.rpop("queue", 2), ["job-999", "job-998"])
    same(r.lindex("queue", 3), "job-4")
    same(r.linsert("queue", "BEFORE", "job-4", "urgent"), 998)
    same(r.lpos("queue", "job-4"), 4)
    same(r.lset("queue", 0, "first"), True)
    same(r.lrem("queue", 0, "urgent"), 1)
    same(r.lmove("queue", "done", "LEFT", "RIGHT"), "first")
    same(r.rpoplpush("queue", "done"), "job-997")
    same(r.lrange("done", 0, -1), ["job-997", "first"])
    assert r.ltrim("queue", 0, 9)
    same(r.lrange("queue", 0, -1), [f"job-{i}" for i in range(2, 12)])
    same(r.lmpop(2, "none", "queue", direction="LEFT", count=2), ["queue", ["job-2", "job-3"]])


@test
def hashes(r):
    same(r.hset("user:1", mapping={"name": "Grace Hopper", "born": 1906, "city": "Zürich"}), 3)
    same(r.hgetall("user:1"), {"name": "Grace Hopper", "born": "1906", "city": "Zürich"})
    same(r.hmget("user:1", "name", "none"), ["Grace Hopper", None])
    same(r.hincrby("user:1", "born", 1), 1907)
    same(r.hincrbyfloat("user:1", "height", 1.5), 1.5)
    same(r.hexists("user:1", "height"), True)
    same(r.hdel("user:1", "height", "none"), 1)
    same(r.hsetnx("user:1", "name", "x") in (0, False), True)
    same(sorted(r.hkeys("user:1")), ["born", "city", "name"])
    same(sorted(r.hvals("user:1")), ["1907", "Grace Hopper", "Zürich"])
    same(r.hstrlen("user:1", "city"), 7)
    same(r.hset("cities", mapping=CITIES), len(CITIES))
    same(dict(r.hscan_iter("cities")), {name: str(people) for name, people in CITIES.items()})
    assert r.hrandfield("cities") in CITIES
    big = {f"field:{i}": str(i * i) for i in range(5000)}
    same(r.hset("big", mapping=big), 5000)
    same(dict(r.hscan_iter("big", count=500)), big)
    same(r.object("encoding", "big"), "hashtable")
    same(r.object("encoding", "user:1"), "listpack")


@test
def fields_that_expire(r):
    r.hset("session", mapping={"token": "abc", "csrf": "def", "user": "7"})
    same(r.execute_command("HEXPIRE", "session", 100, "FIELDS", 2, "token", "none"), [1, -2])
    same(r.execute_command("HTTL", "session", "FIELDS", 3, "token", "csrf", "none"), [100, -1, -2])
    same(r.execute_command("HPEXPIRE", "session", 20, "FIELDS", 1, "csrf"), [1])
    end = time.monotonic() + 10
    while r.hexists("session", "csrf") and time.monotonic() < end:
        time.sleep(0.01)
    same(r.hgetall("session"), {"token": "abc", "user": "7"})
    same(r.execute_command("HPERSIST", "session", "FIELDS", 2, "token", "user"), [1, -1])
    same(r.execute_command("HSETEX", "session", "EX", 50, "FIELDS", 1, "token", "xyz"), 1)
    same(r.execute_command("HGETEX", "session", "PERSIST", "FIELDS", 1, "token"), ["xyz"])
    same(r.execute_command("HEXPIRE", "session", 0, "FIELDS", 1, "token"), [2])
    same(r.hgetall("session"), {"user": "7"})


@test
def sets(r):
    same(r.sadd("tags:java", "jvm", "typed", "fast"), 3)
    same(r.sadd("tags:c", "fast", "typed", "small", "fast"), 3)
    same(set(r.smembers("tags:c")), {"fast", "typed", "small"})
    same(set(r.sinter("tags:java", "tags:c")), {"fast", "typed"})
    same(set(r.sunion("tags:java", "tags:c")), {"jvm", "typed", "fast", "small"})
    same(set(r.sdiff("tags:java", "tags:c")), {"jvm"})
    same(r.sinterstore("both", "tags:java", "tags:c"), 2)
    same(r.execute_command("SINTERCARD", 2, "tags:java", "tags:c", "LIMIT", 1), 1)
    same(bool(r.sismember("both", "fast")), True)
    same([bool(x) for x in r.smismember("both", ["fast", "jvm"])], [True, False])
    same(bool(r.smove("tags:java", "tags:c", "jvm")), True)
    same(r.scard("tags:c"), 4)
    same(r.srem("tags:c", "jvm", "none"), 1)
    assert r.srandmember("tags:c") in {"fast", "typed", "small"}
    assert r.spop("tags:c") in {"fast", "typed", "small"}
    same(r.sadd("ids", *range(10000)), 10000)
    same({int(x) for x in r.sscan_iter("ids", count=1000)}, set(range(10000)))
    r.sadd("numbers", 1, 2, 3)
    same(r.object("encoding", "numbers"), "intset")


@test
def sorted_sets(r):
    same(r.zadd("people", CITIES), len(CITIES))
    same(pairs(r.zrange("people", 0, 1, withscores=True)), [("Reykjavík", 139875.0), ("Zürich", 434335.0)])
    same(r.zrevrange("people", 0, 0), ["東京"])
    same(r.zscore("people", "Zürich"), 434335.0)
    same(r.zscore("people", "none"), None)
    same(r.zmscore("people", ["Łódź", "none"]), [645693.0, None])
    same(r.zincrby("people", 0.5, "Łódź"), 645693.5)
    same(r.zrank("people", "Łódź"), 3)
    same(r.zrevrank("people", "東京"), 0)
    same(r.zcount("people", 1e7, "+inf"), 4)
    same(r.zrangebyscore("people", "(434335", 700000), ["Αθήνα", "Łódź"])
    same(r.zadd("people", {"Zürich": 1}, gt=True), 0)
    same(r.zadd("people", {"Zürich": 440000}, gt=True, ch=True), 1)
    same(dict(pairs(r.zscan_iter("people")))["Zürich"], 440000.0)
    r.zadd("words", {w: 0 for w in ("ant", "bee", "cat", "dog")})
    same(r.zrangebylex("words", "[b", "(d"), ["bee", "cat"])
    same(r.zlexcount("words", "-", "+"), 4)
    same(r.zrangestore("some", "words", 1, 2), 2)
    same(pairs(r.zpopmin("words", 1)), [("ant", 0.0)])
    same(r.zremrangebyrank("words", 0, 0), 1)
    same(r.zinterstore("both", ["words", "some"]), 1)
    same(r.zunion(["words", "some"]), ["bee", "cat", "dog"])
    same(r.zdiff(["words", "some"]), ["dog"])
    same(r.zadd("scores", {"inf": float("inf"), "low": float("-inf"), "pi": 3.141592653589793}), 3)
    same(pairs(r.zrange("scores", 0, -1, withscores=True)),
         [("low", float("-inf")), ("pi", 3.141592653589793), ("inf", float("inf"))])
    r.zadd("board", {f"player:{i}": i / 8 for i in range(3000)})
    same(r.zrange("board", 1000, 1001), ["player:1000", "player:1001"])
    same(r.object("encoding", "board"), "skiplist")


@test
def expiry(r):
    r.set("session:1", "x", ex=100)
    assert 98 <= r.ttl("session:1") <= 100
    assert 98000 <= r.pttl("session:1") <= 100000
    same(r.persist("session:1"), True)
    same((r.ttl("session:1"), r.ttl("none")), (-1, -2))
    same(r.expireat("session:1", int(time.time()) + 50), True)
    same(r.execute_command("EXPIRE", "session:1", 10, "GT"), 0)
    same(r.getex("session:1", persist=True), "x")
    r.psetex("short", 20, "y")
    r.set("gone", "z")
    same(r.pexpire("gone", -1), True)
    same(r.exists("gone"), 0)
    end = time.monotonic() + 10
    while r.exists("short") and time.monotonic() < end:
        time.sleep(0.01)
    same(r.get("short"), None)


@test
def keys_and_scans(r):
    with r.pipeline(transaction=False) as p:
        for i in range(5000):
            p.set(f"item:{i}", i)
        p.rpush("list", 1)
        p.execute()
    same(r.dbsize(), 5001)
    same(set(r.scan_iter("item:*", count=700)), {f"item:{i}" for i in range(5000)})
    same(list(r.scan_iter(count=1000, _type="LIST")), ["list"])
    same(sorted(r.keys("item:99?")), [f"item:99{i}" for i in range(10)])
    same((r.type("list"), r.type("item:1"), r.type("none")), ("list", "string", "none"))
    assert r.rename("item:1", "moved")
    same(r.renamenx("item:2", "moved"), False)
    same(bool(r.copy("moved", "copied")), True)
    same(r.get("copied"), "1")
    same(r.unlink("moved", "copied", "none"), 2)
    same(r.touch("item:3", "none"), 1)
    assert r.randomkey() is not None
    same(bool(r.move("item:3", 5)), True)
    other = connect(db=5)
    same(other.get("item:3"), "3")
    other.flushdb()
    other.close()
    assert r.memory_usage("item:4") > 0
    assert r.object("idletime", "item:5") >= 0
    fails(redis.ResponseError, "no such key", r.rename, "none", "x")


@test
def binary_and_large(r):
    raw = connect(decode_responses=False)
    key = bytes(range(256))
    value = b"\r\n$-1\r\n\x00\xff" * 10
    raw.set(key, value)
    same(raw.get(key), value)
    same(raw.keys(b"\x00*"), [key])
    raw.hset(b"h\x00", key, value)
    same(raw.hgetall(b"h\x00"), {key: value})
    raw.set("", "the empty key")
    same(raw.get(""), b"the empty key")
    large = bytes(i * 31 % 251 for i in range(1 << 20))
    raw.set("large", large)
    same(raw.get("large") == large, True)
    same(raw.strlen("large"), 1 << 20)
    raw.rpush("large list", *[large] * 4)
    same(all(x == large for x in raw.lrange("large list", 0, -1)), True)
    raw.hset("large hash", "field", large)
    same(raw.hget("large hash", "field") == large, True)
    raw.sadd("large set", large)
    same(set(raw.smembers("large set")) == {large}, True)
    raw.close()


@test
def pipelines(r):
    with r.pipeline(transaction=False) as p:
        for i in range(5000):
            p.set(f"k{i}", f"value-{i}")
            p.get(f"k{i}")
        answers = p.execute()
    same(len(answers), 10000)
    same(answers[1::2] == [f"value-{i}" for i in range(5000)], True)
    with r.pipeline(transaction=False) as p:
        p.set("text", "x").incr("text").get("text")
        first, error, last = p.execute(raise_on_error=False)
    same((first, last), (True, "x"))
    assert isinstance(error, redis.ResponseError)


@test
def transactions(r):
    with r.pipeline() as p:
        p.incr("counter").rpush("log", "a", "b").lrange("log", 0, -1)
        same(p.execute(), [1, 2, ["a", "b"]])
    with r.pipeline() as p:
        p.watch("counter")
        same(p.get("counter"), "1")
        r.incr("counter")
        p.multi()
        p.set("counter", 100)
        fails(redis.WatchError, "", p.execute)
    same(r.get("counter"), "2")

    def add(p):
        value = int(p.get("total") or 0)
        p.multi()
        p.set("total", value + 1)

    def add_many():
        own = connect()
        for _ in range(50):
            own.transaction(add, "total")
        own.close()

    threads = [threading.Thread(target=add_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same(r.get("total"), "200")
    with r.pipeline() as p:
        p.set("x", 1)
        p.execute_command("NOSUCH")
        fails(redis.ResponseError, "", p.execute)
    same(r.exists("x"), 0)


@test
def blocking(r):
    def later(action):
        """Runs an action on a connection of its own once somebody waits."""

        def wait_and_run():
            own = connect()
            end = time.monotonic() + 10
            while own.info("clients")["blocked_clients"] == 0 and time.monotonic() < end:
                time.sleep(0.01)
            action(own)
            own.close()

        thread = threading.Thread(target=wait_and_run)
        thread.start()
        return thread

    for wait, feed, expected in [
        (lambda: r.blpop(["a", "b"], timeout=10), lambda o: o.rpush("b", "1"), ("b", "1")),
        (lambda: r.brpop(["a", "b"], timeout=10), lambda o: o.rpush("a", "1"), ("a", "1")),
        (lambda: r.bzpopmin(["z"], timeout=10), lambda o: o.zadd("z", {"m": 2, "n": 1}), ("z", "n", 1.0)),
        (lambda: [r.blmove("s", "t", 10, "LEFT", "RIGHT")], lambda o: o.rpush("s", "job"), ("job",)),
        (lambda: [r.brpoplpush("s", "t", 10)], lambda o: o.rpush("s", "job"), ("job",)),
    ]:
        thread = later(feed)
        same(tuple(wait()), expected)
        thread.join()
    same(r.blpop("none", timeout=0.05), None)
    same(r.lrange("t", 0, -1), ["job", "job"])


@test
def publish_and_subscribe(r):
    subscriber = connect()
    messages = subscriber.pubsub()
    messages.subscribe("news", "weather")
    messages.psubscribe("n*", "none.*")
    same([m["type"] for m in collect(messages, 4)], ["subscribe", "subscribe", "psubscribe", "psubscribe"])
    same(r.publish("news", "Zürich: snow"), 2)
    got = collect(messages, 2)
    same([(m["type"], m["pattern"], m["channel"], m["data"]) for m in got],
         [("message", None, "news", "Zürich: snow"), ("pmessage", "n*", "news", "Zürich: snow")])
    same(r.pubsub_numsub("news", "none"), [("news", 1), ("none", 0)])
    same(sorted(r.pubsub_channels()), ["news", "weather"])
    same(r.pubsub_numpat(), 2)
    messages.ping()
    collect(messages, 1)
    for i in range(1000):
        r.publish("weather", i)
    same([m["data"] for m in collect(messages, 1000)], [str(i) for i in range(1000)])
    messages.unsubscribe()
    messages.punsubscribe()
    same([m["type"] for m in collect(messages, 4)], ["unsubscribe", "unsubscribe", "punsubscribe", "punsubscribe"])
    messages.close()
    subscriber.close()


@test
def sharded_publish_and_subscribe(r):
    if not hasattr(redis.client.PubSub, "ssubscribe"):
        print("      (this redis-py has no ssubscribe: only SPUBLISH and PUBSUB SHARDNUMSUB are used)")
        same(r.execute_command("SPUBLISH", "orders", "x"), 0)
        same(r.execute_command("PUBSUB", "SHARDNUMSUB", "orders"), ["orders", 0])
        return
    subscriber = connect()
    messages = subscriber.pubsub()
    messages.ssubscribe("orders")
    same(collect(messages, 1)[0]["type"], "ssubscribe")
    same(r.execute_command("SPUBLISH", "orders", "1"), 1)
    same(r.publish("orders", "not sharded"), 0)
    same([(m["type"], m["data"]) for m in collect(messages, 1)], [("smessage", "1")])
    same(r.pubsub_shardchannels(), ["orders"])
    messages.sunsubscribe("orders")
    same(collect(messages, 1)[0]["type"], "sunsubscribe")
    messages.close()
    subscriber.close()


@test
def keyspace_events(r):
    r.config_set("notify-keyspace-events", "KEA")
    messages = r.pubsub()
    messages.psubscribe("__key*__:*")
    collect(messages, 1)
    r.set("watched", "1")
    same([(m["channel"], m["data"]) for m in collect(messages, 2)],
         [("__keyspace@0__:watched", "set"), ("__keyevent@0__:set", "watched")])
    messages.close()
    r.config_set("notify-keyspace-events", "")


@test
def connection(r):
    fails(redis.AuthenticationError, "", connect(password="wrong").ping)
    fails(redis.AuthenticationError, "", connect(password=None).ping)
    same(connect(username="default").ping(), True)
    named = connect(client_name="reports", single_connection_client=True)
    same(named.client_getname(), "reports")
    mine = named.client_id()
    listed = {int(c["id"]): c for c in r.client_list()}
    same((listed[mine]["name"], listed[mine]["db"], listed[mine]["user"]), ("reports", "0", "default"))
    same(listed[mine]["lib-name"].startswith(f"{redis.__name__}-py"), True)
    same(r.client_setname("main"), True)
    same(r.client_kill_filter(_id=mine), 1)
    same(mine in {int(c["id"]) for c in r.client_list()}, False)
    same(r.echo("Grüße"), "Grüße")
    same(abs(r.time()[0] - time.time()) < 5, True)
    assert r.config_set("maxmemory", "100mb")
    same(r.config_get("maxmemory"), {"maxmemory": "104857600"})
    r.config_set("maxmemory", 0)
    info = r.info()
    same(info["role"], "master")
    assert info["connected_clients"] >= 1
    assert r.command_count() > 150
    assert "get" in r.command()
    same(r.command_getkeys("MSET", "a", 1, "b", 2), ["a", "b"])
    fails(redis.ResponseError, "unknown command", r.execute_command, "NOSUCH")
    fails(redis.ResponseError, "wrong number of arguments", r.execute_command, "GET")


@test
def own_database(r):
    nine = connect(db=9)
    nine.set("only here", 1)
    same(r.exists("only here"), 0)
    same(r.swapdb(0, 9), True)
    same(r.get("only here"), "1")
    r.swapdb(0, 9)
    nine.flushdb()
    same(nine.dbsize(), 0)
    nine.close()


def in_protocol(function, protocol):
    def run_it():
        global PROTOCOL
        PROTOCOL = protocol
        r = connect(health_check_interval=0)
        try:
            function(r)
        finally:
            r.close()

    return run_it


for protocol in (2, 3):
    for function in TESTS:
        cases[f"{function.__name__}_resp{protocol}"] = in_protocol(function, protocol)


def asynchronous(protocol, **options):
    return redis.asyncio.Redis(port=PORT, password=PASSWORD, decode_responses=True, protocol=protocol, **options)


def asyncio_case(function):
    for protocol in (2, 3):

        async def run_it(protocol=protocol):
            async with asynchronous(protocol) as r:
                await function(r, protocol)

        cases[f"asyncio_{function.__name__}_resp{protocol}"] = run_it


@asyncio_case
async def many_tasks(r, protocol):
    """More tasks than the pool has connections."""
    pool = redis.asyncio.BlockingConnectionPool(max_connections=10, port=PORT, password=PASSWORD, protocol=protocol)
    async with redis.asyncio.Redis(connection_pool=pool) as shared:
        answers = await asyncio.gather(*(shared.incr("counter") for _ in range(1000)))
        same(sorted(answers), list(range(1, 1001)))
    await pool.aclose()
    same(await r.get("counter"), "1000")


@asyncio_case
async def pipelines_and_watch(r, protocol):
    async with r.pipeline(transaction=True) as pipe:
        same(await pipe.set("a", 1).incr("a").hset("h", "f", "v").hgetall("h").execute(), [True, 2, 1, {"f": "v"}])
        await pipe.watch("a")
        await r.set("a", 5)
        pipe.multi()
        pipe.incr("a")
        try:
            await pipe.execute()
            raise AssertionError("the transaction ran")
        except redis.WatchError:
            pass
    same(await r.get("a"), "5")


@asyncio_case
async def blocks_and_cancels(r, protocol):
    taken = asyncio.create_task(r.blpop("list", timeout=20))
    await asyncio.sleep(0.05)
    await r.rpush("list", "x")
    same(list(await taken), ["list", "x"])
    waiting = asyncio.create_task(r.blpop("list", timeout=20))
    await asyncio.sleep(0.05)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    same(await r.ping(), True)


@asyncio_case
async def publishes(r, protocol):
    async with r.pubsub() as subscriber:
        await subscriber.subscribe("news")
        await subscriber.psubscribe("n*")
        seen = []
        async for message in subscriber.listen():
            seen.append((message["type"], message["data"]))
            if message["type"] == "psubscribe":
                same(await r.publish("news", "hello"), 2)
            if len(seen) == 4:
                break
        same(seen, [("subscribe", 1), ("psubscribe", 2), ("message", "hello"), ("pmessage", "hello")])


@asyncio_case
async def streams_and_scripts(r, protocol):
    await r.xgroup_create("s", "g", mkstream=True)
    ids = [await r.xadd("s", {"n": n}) for n in range(10)]
    answer = await r.xreadgroup("g", "c", {"s": ">"}, count=10)
    entries = answer["s"][0] if isinstance(answer, dict) else answer[0][1]
    same([entry[0] for entry in entries], ids)
    same(await r.xack("s", "g", *ids), 10)
    double = r.register_script("return redis.call('GET', KEYS[1]) * ARGV[1]")
    await r.set("n", 21)
    same(await double(keys=["n"], args=[2]), 42)
    same([key async for key in r.scan_iter("s*")], ["s"])


def cluster_case(function):
    def run_it():
        r = redis.RedisCluster.from_url(CLUSTER_URI)
        try:
            function(r)
        finally:
            r.close()

    cases[f"cluster_{function.__name__}"] = run_it


@cluster_case
def finds_the_node(r):
    same([node.server_type for node in r.get_nodes()], ["primary"])
    same(r.cluster_info()["cluster_slots_ok"], "16384")


@cluster_case
def spreads_keys(r):
    assert r.mset_nonatomic(KEYS)
    same(r.mget_nonatomic(*KEYS), list(KEYS.values()))
    same(set(r.scan_iter("key:*", count=50)), {key.encode() for key in KEYS})
    assert r.cluster_countkeysinslot(r.cluster_keyslot("key:1")) >= 1


@cluster_case
def pipelines_over_slots(r):
    pipe = r.pipeline()
    for key in KEYS:
        pipe.incr("n:" + key)
    same(pipe.execute(), [1] * len(KEYS))


@cluster_case
def refuses_several_slots(r):
    fails(Exception, "slot", r.mget, "a", "b")
    node = redis.Redis.from_url(CLUSTER_URI)
    try:
        node.mget("a", "b")
        raise AssertionError("the server did not refuse")
    except redis.ResponseError as e:
        assert "CROSSSLOT" in str(e) or "hash to the same slot" in str(e), e
    finally:
        node.close()


@cluster_case
def hears_sharded_messages(r):
    pubsub = r.pubsub()
    pubsub.ssubscribe("channel")
    end = time.monotonic() + 10
    while time.monotonic() < end:  # valkey-py does not wait
        message = pubsub.get_sharded_message(timeout=0.1)
        if message and message["type"] == "ssubscribe":
            r.spublish("channel", "hello")
        if message and message["type"] == "smessage":
            same(message["data"], b"hello")
            pubsub.close()
            return
    raise AssertionError("no message came")


run(redis.__version__)
