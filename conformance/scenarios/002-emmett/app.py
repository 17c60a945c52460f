"""An Emmett application whose pages are cached by Valkey, and by the framework's own RedisCache beside it."""

import json
import os

from emmett import App
from emmett.cache import Cache, CacheHandler, RedisCache
from valkey import ConnectionPool, Valkey


class ValkeyCache(CacheHandler):
    """The handler of the document. Patterns are found by SCAN, and clear() takes only what has the own prefix."""

    def __init__(self, host="localhost", port=6379, db=0, prefix="cache:", default_expire=300, pool_size=10, **options):
        super().__init__(prefix=prefix, default_expire=default_expire)
        self.client = Valkey(connection_pool=ConnectionPool(host=host, port=port, db=db, max_connections=pool_size, **options))

    @classmethod
    def from_environment(cls, **options):
        host, port, db = os.getenv("VALKEY_HOST", "localhost"), int(os.getenv("VALKEY_PORT", 6379)), int(os.getenv("VALKEY_DB", 0))
        prefix, expire = os.getenv("VALKEY_PREFIX", "cache:"), int(os.getenv("VALKEY_EXPIRE", 300))
        return cls(host, port, db, prefix, expire, password=os.getenv("VALKEY_PASSWORD"), **options)

    @CacheHandler._key_prefix_
    def get(self, key):
        value = self.client.get(key)
        return None if value is None else json.loads(value)

    @CacheHandler._key_prefix_
    @CacheHandler._convert_duration_
    def set(self, key, value, **times):
        return self.client.setex(key, times["duration"], json.dumps(value))

    def clear(self, key=None):
        pattern = self._prefix + ("*" if key is None else key)
        if "*" not in pattern:
            return self.client.delete(pattern)
        keys = list(self.client.scan_iter(pattern, count=1000))
        return self.client.unlink(*keys) if keys else 0


def handlers():
    redis = RedisCache(
        os.getenv("VALKEY_HOST", "localhost"), int(os.getenv("VALKEY_PORT", 6379)), os.getenv("VALKEY_PASSWORD"), prefix="redis:"
    )
    return ValkeyCache.from_environment(), redis


app = App(__name__)
valkey_cache, redis_cache = handlers()
cache = Cache(valkey=valkey_cache, redis=redis_cache, default="valkey")


def slow(name):
    """What a page costs without a cache: it counts how often it is made."""
    return {"name": name, "made": valkey_cache.client.incr(f"made:{name}"), "by": os.getpid()}


@app.route("/page/<str:name>", output="str")
async def page(name):
    return json.dumps(cache.get_or_set(f"page:{name}", lambda: slow(name), 60))


@app.route("/redis/<str:name>", output="str")
async def redis_page(name):
    return json.dumps(redis_cache.get_or_set(f"page:{name}", lambda: slow("redis-" + name), 60))


@app.route("/clear/<str:name>", output="str")
async def clear(name):
    return str(valkey_cache.clear(f"page:{name}"))
