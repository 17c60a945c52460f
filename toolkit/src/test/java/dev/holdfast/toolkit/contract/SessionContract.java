package dev.holdfast.toolkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.codec.Codecs;
import dev.holdfast.toolkit.session.Session;
import dev.holdfast.toolkit.session.SessionEndedException;
import dev.holdfast.toolkit.session.Sessions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import tools.jackson.core.type.TypeReference;

/** What {@link Sessions} do, with whichever store. */
@ContractTest
class SessionContract extends Contract {
    private static final Duration SHORT = Duration.ofMillis(300);

    record Cart(List<String> items, int total) {}

    private Sessions sessions() {
        return toolkit().sessions("session:").build();
    }

    private Sessions elsewhere() {
        return another().sessions("session:").build();
    }

    @Test
    void whatOneProcessSavesAnotherFinds() {
        Session session = sessions().create();
        assertTrue(elsewhere().find(session.id()).isEmpty(), "not yet saved");
        session.set("cart", new Cart(List.of("tea"), 3))
                .set("theme", "dark")
                .set("visits", 7L)
                .save();
        Session found = elsewhere().find(session.id()).orElseThrow();
        assertEquals(Optional.of(new Cart(List.of("tea"), 3)), found.get("cart", Cart.class));
        assertEquals(Optional.of("dark"), found.get("theme", String.class));
        assertEquals(Optional.of(7L), found.get("visits", Long.class));
        assertEquals(Set.of("cart", "theme", "visits"), found.names());
        assertEquals(session.created(), found.created());
        assertEquals(Optional.empty(), found.get("nothing", String.class));
    }

    @Test
    void whatIsNoIdFindsNothing() {
        for (String text : List.of("", "*", "1234", "{a}b", "x".repeat(65))) {
            assertTrue(sessions().find(text).isEmpty(), text);
            assertFalse(sessions().revoke(text), text);
        }
    }

    @Test
    void requestsThatChangeDifferentAttributesDoNotUndoEachOther() {
        Session session = sessions().create();
        session.set("a", "1").set("b", "1").set("c", "1").save();
        Session one = sessions().find(session.id()).orElseThrow();
        Session other = elsewhere().find(session.id()).orElseThrow();
        one.set("a", "2").remove("c").save();
        other.set("b", "2").save();
        Session after = sessions().find(session.id()).orElseThrow();
        assertEquals(Optional.of("2"), after.get("a", String.class));
        assertEquals(Optional.of("2"), after.get("b", String.class));
        assertEquals(Optional.empty(), after.get("c", String.class));
    }

    @Test
    void aSessionLivesAsLongAsItIsOpened() {
        Sessions sessions = toolkit().sessions("session:").ttl(SHORT).build();
        Session session = sessions.create().principal("anna");
        session.save();
        for (int i = 0; i < 4; i++) {
            pass(SHORT.dividedBy(2));
            assertTrue(sessions.find(session.id()).isPresent(), "after " + i);
        }
        pass(SHORT.multipliedBy(2));
        assertTrue(sessions.find(session.id()).isEmpty());
        assertEquals(List.of(), sessions.of("anna"));
        assertEquals(0, store().call("EXISTS", "session:of:anna").number(), "nothing is left behind");
        assertThrows(SessionEndedException.class, session::save);
    }

    @Test
    void aPrincipalsSessionsAreListedAndEndedTogether() {
        Sessions sessions = sessions();
        Set<String> ids = new TreeSet<>();
        for (int i = 0; i < 3; i++) {
            Session session = sessions.create().principal("anna");
            session.save();
            ids.add(session.id());
        }
        Session other = sessions.create().principal("ben");
        other.save();
        Set<String> listed = new TreeSet<>();
        elsewhere().of("anna").forEach(session -> listed.add(session.id()));
        assertEquals(ids, listed);
        Set<String> all = new TreeSet<>();
        sessions.forEach(all::add);
        assertEquals(4, all.size());
        assertTrue(all.containsAll(ids));
        assertEquals(3, elsewhere().revokeAll("anna"));
        assertEquals(List.of(), sessions.of("anna"));
        assertTrue(sessions.find(ids.iterator().next()).isEmpty());
        assertTrue(sessions.find(other.id()).isPresent());
        assertThrows(IllegalArgumentException.class, () -> other.principal("cy"));
    }

    @Test
    void aRevokedSessionIsNotBroughtBackByARequestThatHasItOpen() {
        Session session = sessions().create();
        session.save();
        Session open = elsewhere().find(session.id()).orElseThrow();
        assertTrue(sessions().revoke(session.id()));
        assertThrows(SessionEndedException.class, () -> open.set("a", "1").save());
        assertThrows(SessionEndedException.class, open::rotate);
        assertTrue(sessions().find(session.id()).isEmpty());
    }

    @Test
    void anotherIdLeavesNothingToTheOld() {
        Session session = sessions().create().principal("anna");
        session.set("cart", "full").save();
        String old = session.id();
        String id = session.rotate();
        assertNotEquals(old, id);
        assertTrue(elsewhere().find(old).isEmpty());
        assertEquals(Optional.of("full"), elsewhere().find(id).orElseThrow().get("cart", String.class));
        assertEquals(
                List.of(id), sessions().of("anna").stream().map(Session::id).toList());
        session.set("cart", "empty").save();
        assertEquals(Optional.of("empty"), elsewhere().find(id).orElseThrow().get("cart", String.class));
    }

    @Test
    void aSessionMayLiveForATimeOfItsOwn() {
        Sessions sessions = toolkit().sessions("session:").ttl(SHORT).build();
        Session remembered = sessions.create().principal("anna").ttl(Duration.ofDays(30));
        remembered.save();
        Session other = sessions.create().principal("anna");
        other.save();
        pass(SHORT.multipliedBy(2));
        assertTrue(sessions.find(other.id()).isEmpty());
        assertEquals(
                List.of(remembered.id()),
                sessions.of("anna").stream().map(Session::id).toList());
        Session found = elsewhere().find(remembered.id()).orElseThrow();
        assertEquals(Set.of(), found.names());
        found.set("a", 1).save();
        String id = found.id();
        String key = "session:{" + id.replace(".", "}");
        long left = store().call("PTTL", key).number();
        assertTrue(left > Duration.ofDays(29).toMillis(), left + " ms");
        assertThrows(IllegalArgumentException.class, () -> found.ttl(Duration.ZERO));
        assertThrows(
                IllegalArgumentException.class,
                () -> toolkit().sessions("session:").ttl(Duration.ofSeconds(-1)));
    }

    @Test
    void aSessionEndsInTheEndHoweverOftenItIsOpened() {
        Sessions sessions = toolkit().sessions("session:").atMost(SHORT).build();
        Session session = sessions.create().principal("anna");
        session.save();
        assertTrue(session.endsAt().isPresent());
        eventually(() -> {
            pass(Duration.ofMillis(20));
            return sessions.find(session.id()).isEmpty();
        });
        assertThrows(SessionEndedException.class, () -> session.set("a", 1).save());
        assertEquals(List.of(), sessions.of("anna"));
        Session over = sessions.create().endsAt(Instant.EPOCH);
        assertThrows(SessionEndedException.class, over::save);
        Session endless = sessions().create().endsAt(Instant.MAX).ttl(ChronoUnit.FOREVER.getDuration());
        endless.save();
        assertTrue(sessions().find(endless.id()).isPresent());
    }

    @Test
    void theOldestSessionOfOneWhoHasTooManyEnds() {
        Sessions sessions = toolkit().sessions("session:").mostPerPrincipal(2).build();
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Session session = sessions.create().principal("anna");
            session.save();
            ids.add(session.id());
            // Being opened makes nothing younger.
            sessions.find(ids.getFirst());
            pass(Duration.ofMillis(3));
        }
        assertTrue(sessions.find(ids.get(0)).isEmpty());
        assertTrue(sessions.find(ids.get(1)).isEmpty());
        assertTrue(sessions.find(ids.get(2)).isPresent());
        assertTrue(sessions.find(ids.get(3)).isPresent());
        assertThrows(
                IllegalArgumentException.class,
                () -> toolkit().sessions("session:").mostPerPrincipal(0));
    }

    @Test
    @SuppressWarnings("NullAway") // A program need not be checked.
    void attributesMayBeOfAnyType() {
        Session session = sessions().create();
        session.set("numbers", List.of(1L, 2L))
                .set(
                        "raw",
                        "text",
                        Codecs.of(
                                value -> value.getBytes(StandardCharsets.UTF_16),
                                bytes -> new String(bytes, StandardCharsets.UTF_16)))
                .save();
        Session found = elsewhere().find(session.id()).orElseThrow();
        assertEquals(Optional.of(List.of(1L, 2L)), found.get("numbers", new TypeReference<List<Long>>() {}));
        assertEquals(
                Optional.of("text"),
                found.get(
                        "raw",
                        Codecs.of(
                                value -> value.getBytes(StandardCharsets.UTF_16),
                                bytes -> new String(bytes, StandardCharsets.UTF_16))));
        assertEquals(Optional.empty(), found.get("nothing", new TypeReference<List<Long>>() {}));
        assertThrows(NullPointerException.class, () -> session.set("a", null));
    }
}
