package dev.holdfast.conformance.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.conformance.access.OurServer;
import io.lettuce.core.KeyValue;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanIterator;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.api.sync.RedisAdvancedClusterCommands;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/** Clients of clusters use a Holdfast in cluster mode as a cluster of one node. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClusterClientsTest {
    private static final int MANY = 1000;

    private final OurServer server = new OurServer("cluster-enabled", "yes");

    @AfterAll
    void close() {
        server.close();
    }

    @BeforeEach
    void empty() {
        try (Jedis jedis = new Jedis("127.0.0.1", server.port())) {
            jedis.flushAll();
        }
    }

    @Test
    void lettuceFindsTheNodeAndSpreadsKeys() {
        RedisClusterClient client = RedisClusterClient.create(RedisURI.create("127.0.0.1", server.port()));
        try (StatefulRedisClusterConnection<String, String> connection = client.connect()) {
            RedisAdvancedClusterCommands<String, String> commands = connection.sync();
            assertEquals(1, connection.getPartitions().size());
            assertEquals(
                    SlotHash.SLOT_COUNT,
                    connection.getPartitions().getPartition(0).getSlots().size());
            Map<String, String> values = new HashMap<>();
            for (int i = 0; i < MANY; i++) {
                values.put("key" + i, "value" + i);
            }
            assertEquals("OK", commands.mset(values));
            Map<String, String> found = new HashMap<>();
            for (KeyValue<String, String> each : commands.mget(values.keySet().toArray(String[]::new))) {
                found.put(each.getKey(), each.getValue());
            }
            assertEquals(values, found);
            Set<String> scanned = new HashSet<>();
            ScanIterator.scan(commands).forEachRemaining(scanned::add);
            assertEquals(values.keySet(), scanned);
            assertEquals(SlotHash.getSlot("key1"), commands.clusterKeyslot("key1"));
            assertTrue(
                    commands.clusterGetKeysInSlot(SlotHash.getSlot("key1"), 10).contains("key1"));
            assertThrows(RedisCommandExecutionException.class, () -> commands.rename("key1", "key2"));
            commands.set("{a}1", "x");
            assertEquals("OK", commands.rename("{a}1", "{a}2"));
        } finally {
            client.shutdown();
        }
    }

    @Test
    void jedisFindsTheNodeAndSpreadsKeys() {
        try (redis.clients.jedis.RedisClusterClient cluster =
                redis.clients.jedis.RedisClusterClient.create(Set.of(new HostAndPort("127.0.0.1", server.port())))) {
            assertEquals(1, cluster.getClusterNodes().size());
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < MANY; i++) {
                cluster.set("key" + i, "value" + i);
                expected.add("value" + i);
            }
            List<String> found = new ArrayList<>();
            for (int i = 0; i < MANY; i++) {
                found.add(cluster.get("key" + i));
            }
            assertEquals(expected, found);
            assertEquals(2, cluster.sadd("{tag}a", "1", "2"));
            assertEquals(2, cluster.sunionstore("{tag}b", "{tag}a"));
            assertThrows(JedisException.class, () -> cluster.sunionstore("{other}b", "{tag}a"));
        }
    }
}
