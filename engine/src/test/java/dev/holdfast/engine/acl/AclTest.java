package dev.holdfast.engine.acl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.CommandTable;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.protocol.Args;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AclTest {
    private static final String NOAUTH = "NOAUTH Authentication required.";
    private static final String NO_KEY = "NOPERM No permissions to access a key";

    private static List<?> list(@Nullable Object answer) {
        return (List<?>) Objects.requireNonNull(answer);
    }

    private static Map<?, ?> map(@Nullable Object answer) {
        return (Map<?, ?>) Objects.requireNonNull(answer);
    }

    private static TestStore.Session login(TestStore store, String name, String... rules) {
        String[] words = new String[rules.length + 3];
        words[0] = "ACL";
        words[1] = "SETUSER";
        words[2] = name;
        System.arraycopy(rules, 0, words, 3, rules.length);
        assertEquals("OK", store.run(words));
        TestStore.Session session = store.connect();
        assertEquals("OK", session.run("AUTH", name, "any"));
        return session;
    }

    @Test
    void aStrangerMayOnlyLogIn() {
        try (TestStore store = new TestStore("requirepass", "secret")) {
            assertEquals(NOAUTH, store.error("GET", "k"));
            assertEquals(NOAUTH, store.error("NOSUCH"));
            assertEquals(NOAUTH, store.error("GET"));
            assertEquals(NOAUTH, store.error("MULTI"));
            assertEquals("WRONGPASS invalid username-password pair or user is disabled.", store.error("AUTH", "no"));
            assertEquals("OK", store.run("AUTH", "secret"));
            assertNull(store.run("GET", "k"));
            assertEquals("RESET", store.run("RESET"));
            assertEquals(NOAUTH, store.error("GET", "k"));
        }
    }

    @Test
    void aStrangerIsLetInOnceDefaultNeedsNoPassword() {
        try (TestStore store = new TestStore("requirepass", "secret")) {
            TestStore.Session early = store.connect();
            store.run("AUTH", "secret");
            store.run("CONFIG", "SET", "requirepass", "");
            assertEquals("PONG", early.run("PING"));
        }
    }

    @Test
    void rulesOnCommandsAreShownInTheirOrderAndReplaceEachOther() {
        try (TestStore store = new TestStore()) {
            store.run("ACL", "SETUSER", "u", "+@all", "-@dangerous", "-config", "+config|get", "+get", "-get");
            assertEquals(
                    "user u off sanitize-payload resetchannels alldbs +@all -@dangerous -config +config|get -get",
                    list(store.run("ACL", "LIST")).getLast());
            store.run("ACL", "SETUSER", "u", "+config");
            assertEquals(
                    "+@all -@dangerous -get +config",
                    map(store.run("ACL", "GETUSER", "u")).get("commands"));
        }
    }

    @Test
    void aWrongRuleChangesNothing() {
        try (TestStore store = new TestStore()) {
            store.run("ACL", "SETUSER", "u", "on", "+get");
            Object before = store.run("ACL", "LIST");
            for (String rule : List.of(
                    "+nosuch",
                    "+@nosuch",
                    "~a b",
                    "%~x",
                    "%RR~x",
                    "db=1,,2",
                    "#12",
                    "<no",
                    "(+get",
                    "+config|get|x",
                    "-get|x",
                    "nonsense",
                    "db=-1")) {
                assertTrue(store.error("ACL", "SETUSER", "u", "off", rule).startsWith("ERR "), rule);
                assertEquals(before, store.run("ACL", "LIST"), rule);
            }
        }
    }

    @Test
    void keysAreCheckedForWhatIsDoneWithThem() {
        try (TestStore store = new TestStore()) {
            TestStore.Session user = login(store, "u", "on", "nopass", "+@all", "%R~read:*", "%W~write:*", "~both:*");
            assertNull(user.run("GET", "read:1"));
            assertEquals(NO_KEY, user.error("GET", "write:1"));
            assertEquals("OK", user.run("SET", "write:1", "v"));
            assertEquals(NO_KEY, user.error("SET", "write:1", "v", "GET"));
            assertEquals(NO_KEY, user.error("SET", "read:1", "v"));
            assertEquals(0L, user.run("COPY", "read:1", "write:1"));
            assertEquals(NO_KEY, user.error("COPY", "write:1", "read:1"));
            assertEquals(NO_KEY, user.error("MGET", "read:1", "both:1", "other"));
            assertEquals(NO_KEY, user.error("EXISTS", "other"));
        }
    }

    @Test
    void oneSelectorMustAllowAllOfIt() {
        try (TestStore store = new TestStore()) {
            TestStore.Session user =
                    login(store, "u", "on", "nopass", "+get", "~a", "(+set ~b)", "(+mset", "~c", "~d)");
            assertNull(user.run("GET", "a"));
            assertEquals("OK", user.run("SET", "b", "1"));
            assertEquals("OK", user.run("MSET", "c", "1", "d", "1"));
            assertEquals(NO_KEY, user.error("GET", "b"));
            assertEquals(NO_KEY, user.error("MSET", "a", "1", "d", "1"));
            assertEquals("NOPERM User u has no permissions to run the 'del' command", user.error("DEL", "a"));
        }
    }

    @Test
    void databasesAreCheckedEvenInsideATransaction() {
        try (TestStore store = new TestStore()) {
            TestStore.Session user = login(store, "u", "on", "nopass", "+@all", "~*", "db=0,2");
            assertEquals("NOPERM No permissions to access database", user.error("SELECT", "1"));
            assertEquals("NOPERM No permissions to access database", user.error("FLUSHALL"));
            user.run("MULTI");
            assertEquals("QUEUED", user.run("SELECT", "2"));
            assertEquals("QUEUED", user.run("SET", "k", "v"));
            assertEquals("NOPERM No permissions to access database", user.error("MOVE", "k", "3"));
            assertTrue(user.error("EXEC").startsWith("EXECABORT"));
        }
    }

    @Test
    void aPermissionLostBeforeExecIsMissedThere() {
        try (TestStore store = new TestStore()) {
            TestStore.Session user = login(store, "u", "on", "nopass", "+@all", "~*");
            user.run("MULTI");
            user.run("SET", "k", "v");
            store.run("ACL", "SETUSER", "u", "-set");
            String answer = String.valueOf(list(user.run("EXEC")).getFirst());
            assertTrue(answer.contains("no permission to execute the command or subcommand"), answer.toString());
            assertEquals(0L, store.run("EXISTS", "k"));
        }
    }

    @Test
    void aPermissionLostWhileWaitingIsMissedToo() {
        try (TestStore store = new TestStore()) {
            TestStore.Session user = login(store, "u", "on", "nopass", "+@all", "~*");
            user.block("BLPOP", "l", "0");
            store.run("ACL", "SETUSER", "u", "resetkeys", "~other");
            store.run("RPUSH", "l", "x");
            assertTrue(String.valueOf(user.answer()).contains(NO_KEY));
            assertEquals(1L, store.run("LLEN", "l"));
        }
    }

    @Test
    void clientsGoWithTheirUserAndWithTheirChannels() {
        try (TestStore store = new TestStore()) {
            TestStore.Session gone = login(store, "gone", "on", "nopass", "+@all");
            assertEquals(1L, store.run("ACL", "DELUSER", "gone", "nobody"));
            assertTrue(gone.isClosed());
            assertEquals("ERR The 'default' user cannot be removed", store.error("ACL", "DELUSER", "default"));

            TestStore.Session subscriber = login(store, "s", "on", "nopass", "+@all", "&news:*", "&other");
            subscriber.run("SUBSCRIBE", "news:1");
            store.run("ACL", "SETUSER", "s", "&more");
            assertFalse(subscriber.isClosed());
            store.run("ACL", "SETUSER", "s", "resetchannels", "&news:1");
            assertFalse(subscriber.isClosed());
            store.run("ACL", "SETUSER", "s", "resetchannels", "&other");
            assertTrue(subscriber.isClosed());
        }
    }

    @Test
    void theLogCountsLikeEventsAndKeepsTheLatest() {
        try (TestStore store = new TestStore("acllog-max-len", "2")) {
            TestStore.Session user = login(store, "u", "on", "nopass", "+@all", "-del", "~a");
            user.run("GET", "b");
            user.run("GET", "b");
            user.run("DEL", "a");
            Map<?, ?> first = map(list(store.run("ACL", "LOG")).get(0));
            Map<?, ?> second = map(list(store.run("ACL", "LOG")).get(1));
            assertEquals(
                    List.of("command", "del", 1L),
                    List.of(first.get("reason"), first.get("object"), first.get("count")));
            assertEquals(
                    List.of("key", "b", 2L), List.of(second.get("reason"), second.get("object"), second.get("count")));
            user.run("AUTH", "u2", "secret");
            assertEquals(2, list(store.run("ACL", "LOG")).size());
            assertFalse(list(store.run("ACL", "LOG")).toString().contains("secret"));
        }
    }

    @Test
    void aStormOfRefusalsIsOneEntryThatNamesTheLatestClient() {
        try (TestStore store = new TestStore("acllog-max-len", "3")) {
            store.run("ACL", "SETUSER", "u", "on", ">secret");
            TestStore.Session first = store.connect();
            TestStore.Session second = store.connect();
            first.run("CLIENT", "SETNAME", "first");
            second.run("CLIENT", "SETNAME", "second");
            for (int i = 0; i < 100; i++) {
                first.error("AUTH", "u", "no");
            }
            second.error("AUTH", "u", "no");
            Map<?, ?> entry = map(list(store.run("ACL", "LOG")).getFirst());
            assertEquals(
                    List.of("auth", 101L, "u"),
                    List.of(entry.get("reason"), entry.get("count"), entry.get("username")));
            assertTrue(String.valueOf(entry.get("client-info")).contains("name=second"));
            for (int i = 0; i < 100; i++) {
                first.error("AUTH", "u" + i, "no");
            }
            assertEquals(3, list(store.run("ACL", "LOG")).size());
        }
    }

    @Test
    void passwordsAreKeptAsHashes() {
        try (TestStore store = new TestStore()) {
            String hash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
            store.run("ACL", "SETUSER", "u", "on", ">secret");
            assertEquals(List.of(hash), map(store.run("ACL", "GETUSER", "u")).get("passwords"));
            assertEquals("OK", store.connect().run("AUTH", "u", "secret"));
            store.run("ACL", "SETUSER", "u", "!" + hash);
            assertTrue(store.connect().error("AUTH", "u", "secret").startsWith("WRONGPASS"));
        }
    }

    @Test
    void theFileOfUsersIsTakenAsAWhole(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("users.acl");
        Files.writeString(file, "user alice on nopass +@all ~a:*\n\nuser bob on >x (+get ~b)\n");
        Config config = new Config();
        config.set("dir", directory.toString());
        config.set("aclfile", "users.acl");
        try (Engine engine = AllCommands.engine(config, Clock.SYSTEM)) {
            assertEquals(3, engine.acl().users().size());
            Files.writeString(file, "user alice on\nuser alice off\nuser bob +nosuch >pw nonsense\n");
            AclRuleException error =
                    assertThrows(AclRuleException.class, () -> engine.aclFile().load(AclListener.NONE));
            assertEquals(
                    "WARNING: Duplicate user 'alice' found on line 2. users.acl:3: Error in applying operation '+nosuch':"
                            + " Unknown command or category name in ACL. users.acl:3: Syntax error. WARNING: ACL errors"
                            + " detected, no change to the previously active ACL rules was performed",
                    error.getMessage());
            assertEquals(3, engine.acl().users().size());
            engine.aclFile().save();
            List<String> before = engine.acl().lines();
            engine.aclFile().load(AclListener.NONE);
            assertEquals(before, engine.acl().lines());
            assertFalse(Files.readString(file).contains(">x"));
        }
    }

    @Test
    void wrongUsersKeepTheStoreFromOpening() throws Exception {
        Config config = new Config();
        config.addUser(List.of("u", "+nosuch", ">secret"));
        IllegalArgumentException error =
                assertThrows(IllegalArgumentException.class, () -> AllCommands.engine(config, Clock.SYSTEM));
        assertFalse(String.valueOf(error.getMessage()).contains("secret"));
    }

    @Test
    void rulesNameRenamedCommandsByTheirOwnNames() throws Exception {
        Config config = new Config();
        config.renameCommand("SET", "VSET");
        config.renameCommand("get", "SET");
        config.renameCommand("config", "");
        config.addUser(List.of("default", "on", "nopass", "+@all", "-get"));
        try (Engine engine = AllCommands.engine(config, Clock.SYSTEM)) {
            CommandTable table = engine.commands();
            assertEquals(
                    "get", Objects.requireNonNull(table.find(Slice.of("set"))).name());
            assertNull(table.find(Slice.of("CONFIG")));
            AclUser user = Objects.requireNonNull(engine.acl().user(Slice.of("default")));
            CommandSpec renamed = Objects.requireNonNull(table.find(Slice.of("set")));
            assertEquals(
                    AclDenial.Reason.COMMAND,
                    Objects.requireNonNull(engine.acl().check(user, renamed, Args.of("set", "k"), 0))
                            .reason());
        }
        config.renameCommand("nosuch", "x");
        assertThrows(IllegalArgumentException.class, () -> AllCommands.engine(config, Clock.SYSTEM));
    }
}
