package dev.holdfast.engine.config;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The parameter {@code save}: after how many seconds with how many changes a snapshot is taken. */
public final class SavePoints extends Parameter {
    private static final String INVALID = "Invalid save parameters";
    private static final List<Point> DEFAULTS = List.of(new Point(3600, 1), new Point(300, 100), new Point(60, 10000));

    /** A snapshot is due when both are reached. */
    public record Point(long seconds, long changes) {
        @Override
        public String toString() {
            return seconds + " " + changes;
        }
    }

    private volatile List<Point> points = DEFAULTS;
    private boolean loaded;

    SavePoints() {
        super("save");
        setMultiple();
    }

    public List<Point> points() {
        return points;
    }

    private static String show(List<Point> points) {
        return points.stream().map(Point::toString).collect(Collectors.joining(" "));
    }

    @Override
    public String text() {
        return show(points);
    }

    @Override
    public String defaultText() {
        return show(DEFAULTS);
    }

    @Override
    public void parse(String text) throws ConfigException {
        points = read(text);
    }

    /** The first line of a file replaces the defaults, further lines add to it, and an empty value takes all away. */
    @Override
    void parseLine(String text) throws ConfigException {
        List<Point> more = read(text);
        List<Point> all = new ArrayList<>();
        if (loaded && !more.isEmpty()) {
            all.addAll(points);
        }
        all.addAll(more);
        points = List.copyOf(all);
        loaded = true;
    }

    private static List<Point> read(String text) throws ConfigException {
        if (text.isEmpty()) {
            return List.of();
        }
        String[] words = text.split(" ", -1);
        if (words.length % 2 != 0) {
            throw new ConfigException(INVALID);
        }
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < words.length; i += 2) {
            points.add(new Point(number(words[i], 1), number(words[i + 1], 0)));
        }
        return List.copyOf(points);
    }

    private static long number(String word, long min) throws ConfigException {
        Slice digits = Slice.of(word);
        if (!Numbers.isLong(digits) || Numbers.toLong(digits) < min) {
            throw new ConfigException(INVALID);
        }
        return Numbers.toLong(digits);
    }

    @Override
    List<String> lines() {
        return List.of(points.isEmpty() ? "\"\"" : text());
    }
}
