package dev.holdfast.toolkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.ranking.Ranking;
import dev.holdfast.toolkit.ranking.Ranking.Scored;
import dev.holdfast.toolkit.ranking.Ranking.Submit;
import dev.holdfast.toolkit.ranking.RankingWindows;
import dev.holdfast.toolkit.ranking.Standing;
import dev.holdfast.toolkit.ranking.Window;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What every ranking does. */
@ContractTest
class RankingContract extends Contract {
    private static Map<String, Double> scores(Object... members) {
        Map<String, Double> scores = new LinkedHashMap<>();
        for (int i = 0; i < members.length; i += 2) {
            scores.put((String) members[i], ((Number) members[i + 1]).doubleValue());
        }
        return scores;
    }

    private static List<String> names(List<Scored> scored) {
        return scored.stream().map(Scored::member).toList();
    }

    @Test
    void namesAreAnyText() {
        for (String name : List.of("{braces}", "a}b", "two words", "%7B")) {
            Ranking board = toolkit().ranking(name).tiesByTime().denseRanks().build();
            board.submit("{ada} 1", 5, Submit.SET);
            assertEquals(1, board.standing("{ada} 1").orElseThrow().position());
            board.clear();
            assertEquals(0, board.size());
        }
    }

    @Test
    void theBestComeFirst() {
        Ranking board = toolkit().ranking("game").build();
        board.submit(scores("ada", 30, "grace", 50, "alan", 40), Submit.SET);
        assertEquals(List.of(new Scored("grace", 50), new Scored("alan", 40)), board.top(2));
        assertEquals(List.of("alan", "ada"), names(board.range(1, 5)));
        assertEquals(List.of(), board.range(1, 0));
        assertEquals(3, board.size());
        Ranking race = toolkit().ranking("race").lowestFirst().build();
        race.submit(scores("ada", 30, "grace", 50, "alan", 40), Submit.SET);
        assertEquals(List.of("ada", "alan", "grace"), names(race.top(9)));
    }

    @Test
    void submitsAsTold() {
        Ranking board = toolkit().ranking("game").build();
        assertEquals(10, board.submit("ada", 10, Submit.MAX));
        assertEquals(10, board.submit("ada", 5, Submit.MAX));
        assertEquals(5, board.submit("ada", 5, Submit.MIN));
        assertEquals(5, board.submit("ada", 9, Submit.MIN));
        assertEquals(7.5, board.add("ada", 2.5));
        assertEquals(1, board.submit("ada", 1, Submit.SET));
        assertEquals(-3, board.add("grace", -3));
        assertThrows(IllegalArgumentException.class, () -> board.add("ada", Double.NaN));
    }

    @Test
    void equalsShareARank() {
        Ranking board = toolkit().ranking("game").denseRanks().build();
        board.submit(scores("a", 50, "b", 40, "c", 40, "d", 30), Submit.SET);
        Standing d = board.standing("d").orElseThrow();
        assertEquals(4, d.position());
        assertEquals(4, d.rank());
        assertEquals(3, d.denseRank());
        assertEquals(25.0, d.percentile());
        Standing c = board.standing("c").orElseThrow();
        assertEquals(2, c.rank());
        assertEquals(2, c.denseRank());
        assertEquals(75.0, c.percentile());
        assertEquals(100.0, board.standing("a").orElseThrow().percentile());
        assertEquals(Optional.empty(), board.standing("nobody"));
        assertEquals(1, board.remove(List.of("a", "nobody")));
        assertEquals(2, board.standing("d").orElseThrow().denseRank());
    }

    @Test
    void showsWhoIsAround() {
        Ranking board = toolkit().ranking("game").build();
        board.submit(scores("a", 5, "b", 4, "c", 3, "d", 2, "e", 1), Submit.SET);
        assertEquals(List.of("b", "c", "d"), names(board.around("c", 1)));
        assertEquals(List.of("a", "b", "c"), names(board.around("a", 2)));
        assertEquals(List.of(), board.around("nobody", 2));
    }

    @Test
    void theFirstToReachAScoreIsTheBetter() {
        for (boolean low : List.of(false, true)) {
            Ranking.Builder builder = toolkit().ranking("game" + low).tiesByTime();
            Ranking board = (low ? builder.lowestFirst() : builder).build();
            board.submit("z", 10, Submit.SET);
            board.submit("a", 10, Submit.SET);
            board.submit("m", 9, Submit.SET);
            board.add("m", 1);
            board.submit("z", 10, Submit.MAX);
            assertEquals(List.of("z", "a", "m"), names(board.top(3)), "low: " + low);
            assertEquals(2, board.standing("a").orElseThrow().position());
            board.add("z", 1);
            board.add("z", -1);
            assertEquals(List.of("a", "m", "z"), names(board.top(3)), "low: " + low);
            board.clear();
            assertEquals(0, board.size());
        }
    }

    @Test
    void agreesWithAModel() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        Ranking board = toolkit().ranking("game").tiesByTime().denseRanks().build();
        Map<String, Double> model = new HashMap<>();
        Map<String, Integer> since = new HashMap<>();
        for (int i = 0; i < 150; i++) {
            String member = "m" + random.nextInt(12);
            double given = random.nextInt(7) - 3;
            Submit mode = Submit.values()[random.nextInt(4)];
            Double old = model.get(member);
            double score = old == null
                    ? given
                    : switch (mode) {
                        case SET -> given;
                        case MAX -> Math.max(old, given);
                        case MIN -> Math.min(old, given);
                        case ADD -> old + given;
                    };
            if (old == null || score != old) {
                since.put(member, i);
            }
            model.put(member, score);
            assertEquals(score, board.submit(member, given, mode), "seed " + seed);
        }
        List<String> order = new ArrayList<>(model.keySet());
        order.sort(Comparator.comparingDouble((String member) -> -model.getOrDefault(member, 0.0))
                .thenComparingInt(member -> since.getOrDefault(member, 0)));
        assertEquals(order, names(board.top(100)), "seed " + seed);
        List<Optional<Standing>> standings = board.standings(order);
        for (int i = 0; i < order.size(); i++) {
            double score = model.getOrDefault(order.get(i), 0.0);
            Standing standing = standings.get(i).orElseThrow();
            assertEquals(i + 1, standing.position(), "seed " + seed);
            assertEquals(
                    1 + model.values().stream().filter(other -> other > score).count(), standing.rank());
            assertEquals(
                    1
                            + model.values().stream()
                                    .filter(other -> other > score)
                                    .distinct()
                                    .count(),
                    standing.denseRank(),
                    "seed " + seed);
        }
    }

    @Test
    void manyAreSubmittedInBatches() {
        Ranking board = toolkit().ranking("game").build();
        Map<String, Double> many = new LinkedHashMap<>();
        for (int i = 0; i < 2500; i++) {
            many.put("member-" + i, (double) i);
        }
        assertEquals(List.copyOf(many.values()), board.submit(many, Submit.SET));
        assertEquals(2500, board.size());
    }

    @Test
    void aBoardForEachDay() {
        RankingWindows days = toolkit().ranking("daily").each(new Window(Window.Unit.DAY, ZoneOffset.UTC, 7));
        days.now().submit("ada", 10, Submit.SET);
        days.ago(1).submit("ada", 5, Submit.SET);
        days.ago(1).submit("grace", 12, Submit.SET);
        assertEquals(List.of(new Scored("ada", 15), new Scored("grace", 12)), days.topOver(2, 10));
        assertEquals(List.of("ada"), names(days.now().top(10)));
        long life = store().call("PTTL", days.now().key()).number();
        assertTrue(
                life > Duration.ofDays(6).toMillis()
                        && life <= Duration.ofDays(7).toMillis(),
                "" + life);
        assertTrue(days.ago(1).key().compareTo(days.now().key()) < 0);
    }
}
