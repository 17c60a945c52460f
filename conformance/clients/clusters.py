"""Uses a server in cluster mode through redis-py's RedisCluster. Usage: clusters.py PORT

All of the server's data is deleted. Prints how many tests passed and failed; the exit status says whether all passed.
"""

import sys
import traceback

import redis
from redis.cluster import RedisCluster
from redis.exceptions import RedisClusterException, ResponseError

PORT = int(sys.argv[1])
KEYS = {f"key:{i}": str(i).encode() for i in range(500)}


def finds_the_node(r):
    nodes = r.get_nodes()
    assert [(node.port, node.server_type) for node in nodes] == [(PORT, "primary")], nodes
    assert r.cluster_info()["cluster_slots_ok"] == "16384"


def spreads_keys(r):
    assert r.mset_nonatomic(KEYS)
    assert r.mget_nonatomic(*KEYS) == list(KEYS.values())
    assert set(r.scan_iter("key:*", count=50)) == {key.encode() for key in KEYS}
    assert r.cluster_countkeysinslot(r.cluster_keyslot("key:1")) >= 1


def pipelines_over_slots(r):
    pipe = r.pipeline()
    for key in KEYS:
        pipe.incr("n:" + key)
    assert pipe.execute() == [1] * len(KEYS)


def refuses_several_slots(r):
    try:
        r.mget("a", "b")
        raise AssertionError("the client did not refuse")
    except RedisClusterException:
        pass
    node = redis.Redis(port=PORT)
    try:
        node.mget("a", "b")
        raise AssertionError("the server did not refuse")
    except ResponseError as e:
        assert "CROSSSLOT" in str(e) or "hash to the same slot" in str(e), e
    finally:
        node.close()


def hears_sharded_messages(r):
    pubsub = r.pubsub()
    pubsub.ssubscribe("channel")
    for _ in range(100):
        message = pubsub.get_sharded_message(timeout=0.1)
        if message and message["type"] == "ssubscribe":
            r.spublish("channel", "hello")
        if message and message["type"] == "smessage":
            assert message["data"] == b"hello"
            pubsub.close()
            return
    raise AssertionError("no message came")


def main():
    tests = [finds_the_node, spreads_keys, pipelines_over_slots, refuses_several_slots, hears_sharded_messages]
    passed = failed = 0
    for test in tests:
        r = RedisCluster(host="127.0.0.1", port=PORT)
        try:
            r.flushall()
            test(r)
            passed += 1
        except Exception:
            failed += 1
            print(f"FAILED {test.__name__}")
            traceback.print_exc(file=sys.stdout)
        finally:
            r.close()
    print(f"redis-py {redis.__version__}, RedisCluster: {passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
