package dev.holdfast.conformance.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.conformance.access.OurServer;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.Consumer;
import io.lettuce.core.FlushMode;
import io.lettuce.core.KeyValue;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanIterator;
import io.lettuce.core.ScoredValue;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SetArgs;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.XGroupCreateArgs;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lettuce uses a Holdfast as it would any server. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LettuceTest {
    private static final int MANY = 5000;

    private OurServer server = new OurServer();
    private RedisClient client = RedisClient.create(RedisURI.create("127.0.0.1", server.port()));

    @BeforeAll
    void quiet() {
        client.setOptions(ClientOptions.builder().autoReconnect(false).build());
    }

    @AfterAll
    void close() {
        client.shutdown();
        server.close();
    }

    private StatefulRedisConnection<String, String> connect(ProtocolVersion version) {
        client.setOptions(ClientOptions.builder()
                .protocolVersion(version)
                .autoReconnect(false)
                .build());
        StatefulRedisConnection<String, String> connection = client.connect();
        connection.sync().flushall();
        return connection;
    }

    @ParameterizedTest
    @EnumSource
    void keepsValuesOfAllTypes(ProtocolVersion version) {
        try (StatefulRedisConnection<String, String> connection = connect(version)) {
            RedisCommands<String, String> commands = connection.sync();
            assertEquals("PONG", commands.ping());
            assertEquals("OK", commands.set("string", "1", SetArgs.Builder.ex(100)));
            assertEquals(2, commands.incr("string"));
            assertTrue(commands.ttl("string") > 90);
            assertNull(commands.get("none"));
            assertEquals(2, commands.rpush("list", "a", "b"));
            assertEquals(List.of("a", "b"), commands.lrange("list", 0, -1));
            assertEquals(2, commands.hset("hash", Map.of("f", "1", "g", "2")));
            assertEquals(Map.of("f", "1", "g", "2"), commands.hgetall("hash"));
            assertEquals(2, commands.sadd("set", "x", "y"));
            assertEquals(Set.of("x", "y"), commands.smembers("set"));
            assertEquals(2, commands.zadd("zset", 1.0, "m", 2.5, "n"));
            assertEquals(
                    List.of(ScoredValue.just(1, "m"), ScoredValue.just(2.5, "n")),
                    commands.zrangebyscoreWithScores("zset", Range.unbounded()));
            assertThrows(RedisCommandExecutionException.class, () -> commands.lpush("set", "x"));
            assertEquals(5, commands.dbsize());
            Set<String> keys = new HashSet<>();
            ScanIterator.scan(commands, ScanArgs.Builder.limit(2)).forEachRemaining(keys::add);
            assertEquals(Set.of("string", "list", "hash", "set", "zset"), keys);
        }
    }

    @ParameterizedTest
    @EnumSource
    void pipelinesAndTransacts(ProtocolVersion version) throws Exception {
        try (StatefulRedisConnection<String, String> connection = connect(version)) {
            RedisAsyncCommands<String, String> commands = connection.async();
            List<RedisFuture<Long>> futures = new ArrayList<>();
            for (int i = 0; i < MANY; i++) {
                futures.add(commands.incr("counter"));
            }
            assertEquals(MANY, futures.getLast().get(30, TimeUnit.SECONDS));
            RedisCommands<String, String> sync = connection.sync();
            sync.watch("counter");
            sync.multi();
            sync.set("counter", "7");
            sync.get("counter");
            TransactionResult result = sync.exec();
            assertEquals(List.of("OK", "7"), result.stream().toList());
        }
    }

    @ParameterizedTest
    @EnumSource
    void waitsAndListens(ProtocolVersion version) throws Exception {
        try (StatefulRedisConnection<String, String> connection = connect(version);
                StatefulRedisConnection<String, String> waiting = client.connect();
                StatefulRedisPubSubConnection<String, String> listening = client.connectPubSub()) {
            RedisFuture<KeyValue<String, String>> popped = waiting.async().blpop(30, "queue");
            connection.sync().rpush("queue", "job");
            assertEquals(KeyValue.just("queue", "job"), popped.get(30, TimeUnit.SECONDS));

            BlockingQueue<String> messages = new LinkedBlockingQueue<>();
            listening.addListener(new RedisPubSubAdapter<>() {
                @Override
                public void message(String channel, String message) {
                    messages.add(channel + " " + message);
                }
            });
            listening.sync().subscribe("news");
            assertEquals(1, connection.sync().publish("news", "hello"));
            assertEquals("news hello", messages.poll(30, TimeUnit.SECONDS));
        }
    }

    @ParameterizedTest
    @EnumSource
    @SuppressWarnings("unchecked") // Lettuce takes generic types as varargs.
    void sharesTheWorkOfAStream(ProtocolVersion version) {
        try (StatefulRedisConnection<String, String> connection = connect(version)) {
            RedisCommands<String, String> commands = connection.sync();
            commands.xgroupCreate(StreamOffset.from("jobs", "0"), "workers", XGroupCreateArgs.Builder.mkstream());
            String first = commands.xadd("jobs", Map.of("number", "1"));
            commands.xadd("jobs", Map.of("number", "2"));
            List<StreamMessage<String, String>> read = commands.xreadgroup(
                    Consumer.from("workers", "ada"), XReadArgs.Builder.count(1), StreamOffset.lastConsumed("jobs"));
            assertEquals(first, read.getFirst().getId());
            assertEquals(Map.of("number", "1"), read.getFirst().getBody());
            assertEquals(1, commands.xpending("jobs", "workers").getCount());
            assertEquals(
                    first,
                    commands.xclaim("jobs", Consumer.from("workers", "grace"), 0, first)
                            .getFirst()
                            .getId());
            assertEquals(1, commands.xack("jobs", "workers", first));
            assertEquals(1, commands.xtrim("jobs", 1));
            assertEquals(1, commands.xlen("jobs"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void runsScriptsAndFunctions(ProtocolVersion version) {
        try (StatefulRedisConnection<String, String> connection = connect(version)) {
            RedisCommands<String, String> commands = connection.sync();
            String[] key = {"k"};
            assertEquals("v", commands.eval("return ARGV[1]", ScriptOutputType.VALUE, key, "v"));
            String digest = commands.scriptLoad("return redis.call('INCRBY', KEYS[1], ARGV[1])");
            assertEquals(5L, (Long) commands.evalsha(digest, ScriptOutputType.INTEGER, key, "5"));
            commands.functionLoad("""
                    #!lua name=lib
                    redis.register_function('twice', function(keys, args) return redis.call('INCRBY', keys[1], args[1] * 2) end)
                    """, true);
            assertEquals(11L, (Long) commands.fcall("twice", ScriptOutputType.INTEGER, key, "3"));
            assertEquals(1, commands.functionList().size());
            assertEquals("OK", commands.functionFlush(FlushMode.SYNC));
        }
    }
}
