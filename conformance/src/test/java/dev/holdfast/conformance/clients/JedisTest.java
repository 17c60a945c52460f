package dev.holdfast.conformance.clients;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.holdfast.conformance.access.OurServer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.params.XAddParams;
import redis.clients.jedis.params.XReadGroupParams;
import redis.clients.jedis.resps.AccessControlLogEntry;
import redis.clients.jedis.resps.Tuple;

/** Jedis uses a Holdfast as it would any server. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JedisTest {
    /** Jedis itself waits two seconds for an answer, and the first script of a loaded machine may take longer. */
    private static final int SLOW_MACHINES_MILLIS = 60_000;

    private final OurServer server = new OurServer();

    @AfterAll
    void close() {
        server.close();
    }

    private Jedis connect(RedisProtocol protocol) {
        return new Jedis(
                new HostAndPort("127.0.0.1", server.port()),
                DefaultJedisClientConfig.builder()
                        .protocol(protocol)
                        .socketTimeoutMillis(SLOW_MACHINES_MILLIS)
                        .build());
    }

    @ParameterizedTest
    @EnumSource
    void keepsValuesOfAllTypes(RedisProtocol protocol) {
        try (Jedis jedis = connect(protocol)) {
            jedis.flushAll();
            assertEquals("OK", jedis.set("string", "1", SetParams.setParams().px(100_000)));
            assertEquals(11, jedis.incrBy("string", 10));
            assertNull(jedis.get("none"));
            byte[] binary = {0, -1, '\r', '\n'};
            jedis.set(new byte[] {1}, binary);
            assertArrayEquals(binary, jedis.get(new byte[] {1}));
            jedis.rpush("list", "a", "b");
            assertEquals(List.of("a", "b"), jedis.lrange("list", 0, -1));
            jedis.hset("hash", Map.of("f", "1"));
            assertEquals(Map.of("f", "1"), jedis.hgetAll("hash"));
            jedis.sadd("set", "x", "y");
            assertEquals(Set.of("x", "y"), jedis.smembers("set"));
            jedis.zadd("zset", Map.of("m", 1.5));
            assertEquals(List.of(new Tuple("m", 1.5)), jedis.zrangeWithScores("zset", 0, -1));
            assertThrows(JedisDataException.class, () -> jedis.incr("list"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void pipelinesAndTransacts(RedisProtocol protocol) {
        try (Jedis jedis = connect(protocol)) {
            jedis.flushAll();
            Pipeline pipeline = jedis.pipelined();
            Response<Long> last = pipeline.incr("counter");
            for (int i = 1; i < 1000; i++) {
                last = pipeline.incr("counter");
            }
            pipeline.sync();
            assertEquals(1000, last.get());
            jedis.watch("counter");
            Transaction transaction = jedis.multi();
            transaction.set("counter", "7");
            transaction.get("counter");
            assertEquals(List.of("OK", "7"), transaction.exec());
        }
    }

    @ParameterizedTest
    @EnumSource
    void waitsAndListens(RedisProtocol protocol) throws Exception {
        try (Jedis jedis = connect(protocol)) {
            jedis.flushAll();
            CompletableFuture<List<String>> popped = CompletableFuture.supplyAsync(() -> {
                try (Jedis waiting = connect(protocol)) {
                    return waiting.blpop(30, "queue");
                }
            });
            jedis.rpush("queue", "job");
            assertEquals(List.of("queue", "job"), popped.get(30, TimeUnit.SECONDS));

            CountDownLatch subscribed = new CountDownLatch(1);
            CompletableFuture<String> message = new CompletableFuture<>();
            JedisPubSub listener = new JedisPubSub() {
                @Override
                public void onSubscribe(String channel, int subscribedChannels) {
                    subscribed.countDown();
                }

                @Override
                public void onMessage(String channel, String text) {
                    message.complete(channel + " " + text);
                    unsubscribe();
                }
            };
            CompletableFuture<Void> listening = CompletableFuture.runAsync(() -> {
                try (Jedis subscriber = connect(protocol)) {
                    subscriber.subscribe(listener, "news");
                }
            });
            subscribed.await(30, TimeUnit.SECONDS);
            jedis.publish("news", "hello");
            assertEquals("news hello", message.get(30, TimeUnit.SECONDS));
            listening.get(30, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @EnumSource
    void logsInAsAUserWithRights(RedisProtocol protocol) {
        try (Jedis jedis = connect(protocol)) {
            jedis.flushAll();
            jedis.aclLogReset();
            jedis.aclSetUser(
                    "worker",
                    "reset",
                    "on",
                    ">secret",
                    "+@read",
                    "+set",
                    "-mget",
                    "+acl|whoami",
                    "~job:*",
                    "%R~config:*");
            assertEquals(List.of("default", "worker"), jedis.aclUsers());
            assertEquals(
                    "-@all +@read +set -mget +acl|whoami",
                    jedis.aclGetUser("worker").getCommands());
            HostAndPort address = new HostAndPort("127.0.0.1", server.port());
            DefaultJedisClientConfig.Builder login =
                    DefaultJedisClientConfig.builder().protocol(protocol).user("worker");
            try (Jedis worker = new Jedis(address, login.password("secret").build())) {
                assertEquals("worker", worker.aclWhoAmI());
                assertEquals("OK", worker.set("job:1", "x"));
                assertNull(worker.get("config:1"));
                assertThrows(JedisAccessControlException.class, () -> worker.set("config:1", "x"));
                assertThrows(JedisAccessControlException.class, () -> worker.mget("job:1"));
                assertThrows(JedisAccessControlException.class, worker::flushAll);
                assertEquals(1, jedis.aclDelUser("worker"));
                assertThrows(JedisException.class, () -> worker.get("job:1"));
            }
            assertThrows(
                    JedisAccessControlException.class,
                    () -> new Jedis(address, login.password("wrong").build()).ping());
            assertEquals(
                    List.of("auth", "command", "command", "key"),
                    jedis.aclLog(4).stream()
                            .map(AccessControlLogEntry::getReason)
                            .toList());
        }
    }

    @ParameterizedTest
    @EnumSource
    void usesStreamsScriptsAndFunctions(RedisProtocol protocol) {
        try (Jedis jedis = connect(protocol)) {
            jedis.flushAll();
            jedis.xgroupCreate("jobs", "workers", new StreamEntryID("0-0"), true);
            StreamEntryID id = jedis.xadd("jobs", Map.of("number", "1"), XAddParams.xAddParams());
            var read = jedis.xreadGroup(
                    "workers",
                    "ada",
                    XReadGroupParams.xReadGroupParams().count(10),
                    Map.of("jobs", StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY));
            assertEquals(id, read.getFirst().getValue().getFirst().getID());
            assertEquals(1, jedis.xpending("jobs", "workers").getTotal());
            assertEquals(1, jedis.xack("jobs", "workers", id));
            assertEquals(7L, jedis.eval("return redis.call('INCRBY', KEYS[1], ARGV[1])", List.of("k"), List.of("7")));
            assertEquals("lib", jedis.functionLoadReplace("""
                            #!lua name=lib
                            redis.register_function('get', function(keys) return redis.call('GET', keys[1]) end)
                            """));
            assertEquals("7", jedis.fcall("get", List.of("k"), List.of()));
            jedis.functionFlush();
        }
    }
}
