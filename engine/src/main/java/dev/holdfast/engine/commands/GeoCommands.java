package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.GEO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.structures.Earth;
import dev.holdfast.engine.structures.Geohash;
import dev.holdfast.engine.structures.Geohash.Point;
import dev.holdfast.engine.types.SortedSetValue;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The commands for places. A geospatial index is a sorted set whose scores are {@link Geohash}es. {@link GeoSearchCommands}
 * look for what is near.
 */
public final class GeoCommands {
    static final String UNIT = "<M | KM | FT | MI>";

    private static final int DISTANCE_DIGITS = 4;
    private static final int COORDINATE_DIGITS = 17;

    private GeoCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command(
                            "GEOADD",
                            "key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]",
                            GeoCommands::add)
                    .in(GEO)
                    .since("3.2.0")
                    .arity(-5)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, RW, UPDATE))
                    .complexity("O(log N) for each member, N being the size of the sorted set")
                    .summary("Adds members with their places to a sorted set, or moves them"),
            command("GEODIST", "key member1 member2 [" + UNIT + "]", GeoCommands::distance)
                    .in(GEO)
                    .since("3.2.0")
                    .arity(-4)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(1)")
                    .summary("How far two members are from each other"),
            command("GEOHASH", "key [member [member ...]]", GeoCommands::hash)
                    .in(GEO)
                    .since("3.2.0")
                    .arity(-2)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(1) for each member")
                    .summary("The places of members as geohash strings"),
            command("GEOPOS", "key [member [member ...]]", GeoCommands::position)
                    .in(GEO)
                    .since("3.2.0")
                    .arity(-2)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(1) for each member")
                    .summary("The longitudes and latitudes of members"));

    // ---- arguments and answers of all geo commands ----

    /** Longitude and latitude, two words. */
    static Point pointArg(Call call, int index) {
        Point point = new Point(call.doubleArg(index), call.doubleArg(index + 1));
        if (!point.isValid()) {
            throw new CommandException("ERR invalid longitude,latitude pair " + sixDigits(point.longitude()) + ","
                    + sixDigits(point.latitude()));
        }
        return point;
    }

    private static String sixDigits(double value) {
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        String digits =
                new BigDecimal(value).setScale(6, RoundingMode.HALF_EVEN).toPlainString();
        boolean negativeZero = !digits.startsWith("-") && Double.compare(value, 0) < 0;
        return negativeZero ? "-" + digits : digits;
    }

    /** How many meters a unit has. */
    static double unitArg(Call call, int index) {
        Slice unit = call.arg(index);
        if (unit.isWord("M")) {
            return 1;
        } else if (unit.isWord("KM")) {
            return 1000;
        } else if (unit.isWord("FT")) {
            return 0.3048;
        } else if (unit.isWord("MI")) {
            return 1609.34;
        }
        throw new CommandException("ERR unsupported unit provided. please use M, KM, FT, MI");
    }

    /** The place of a member; null where there is none. */
    private static @Nullable Point place(@Nullable SortedSetValue value, Slice member) {
        double score = value == null ? Double.NaN : value.score(member);
        return Double.isNaN(score) ? null : Geohash.ofScore(score).center();
    }

    /** The place of a member that has to be there. */
    static Point existingPlace(SortedSetValue value, Slice member) {
        Point place = place(value, member);
        if (place == null) {
            throw new CommandException("ERR member " + member.shown() + " does not exist");
        }
        return place;
    }

    static void writeDistance(Reply reply, double distance) {
        BigDecimal scaled = BigDecimal.valueOf((long) Math.rint(distance * 10_000), DISTANCE_DIGITS);
        reply.bulk(scaled.toPlainString());
    }

    static void writePoint(Reply reply, Point point) {
        reply.array(2);
        writeCoordinate(reply, point.longitude());
        writeCoordinate(reply, point.latitude());
    }

    private static void writeCoordinate(Reply reply, double degrees) {
        BigDecimal exact = new BigDecimal(degrees).setScale(COORDINATE_DIGITS, RoundingMode.HALF_EVEN);
        reply.real(degrees, exact.stripTrailingZeros().toPlainString());
    }

    // ---- the commands ----

    private static void add(Call call) {
        int options = 0;
        boolean countUpdates = false;
        int first = 2;
        for (; first < call.argCount(); first++) {
            Slice word = call.arg(first);
            if (word.isWord("NX")) {
                options |= SortedSetValue.ONLY_NEW;
            } else if (word.isWord("XX")) {
                options |= SortedSetValue.ONLY_EXISTING;
            } else if (word.isWord("CH")) {
                countUpdates = true;
            } else {
                break;
            }
        }
        int words = call.argCount() - first;
        int both = SortedSetValue.ONLY_NEW | SortedSetValue.ONLY_EXISTING;
        if (words % 3 != 0 || (options & both) == both) {
            throw CommandException.syntax();
        }
        double[] scores = new double[words / 3];
        int longest = 0;
        for (int i = 0; i < scores.length; i++) {
            scores[i] =
                    Geohash.of(pointArg(call, first + 3 * i), Geohash.MAX_STEPS).score();
            longest = Math.max(longest, call.arg(first + 3 * i + 2).length());
        }
        if (scores.length == 0) {
            throw CommandException.syntax();
        }
        boolean changed = SortedSetCommands.add(call, scores, first + 2, 3, options, countUpdates, longest);
        if (changed && call.isLogged()) {
            call.propagateAs(asZadd(call, scores, first));
        }
    }

    private static Object[] asZadd(Call call, double[] scores, int first) {
        Object[] words = new Object[first + 2 * scores.length];
        words[0] = "ZADD";
        for (int i = 1; i < first; i++) {
            words[i] = call.arg(i);
        }
        for (int i = 0; i < scores.length; i++) {
            words[first + 2 * i] = (long) scores[i];
            words[first + 2 * i + 1] = call.arg(first + 3 * i + 2);
        }
        return words;
    }

    private static void distance(Call call) {
        if (call.argCount() > 5) {
            throw CommandException.syntax();
        }
        double unit = call.argCount() == 5 ? unitArg(call, 4) : 1;
        SortedSetValue value = call.read(call.arg(1), SortedSetValue.class);
        Point one = place(value, call.arg(2));
        Point other = place(value, call.arg(3));
        if (one == null || other == null) {
            call.reply().nil();
        } else {
            writeDistance(call.reply(), Earth.distance(one, other) / unit);
        }
    }

    private static void hash(Call call) {
        SortedSetValue value = call.read(call.arg(1), SortedSetValue.class);
        call.reply().array(call.argCount() - 2L);
        for (int i = 2; i < call.argCount(); i++) {
            double score = value == null ? Double.NaN : value.score(call.arg(i));
            if (Double.isNaN(score)) {
                call.reply().nil();
            } else {
                call.reply().bulk(Geohash.ofScore(score).text());
            }
        }
    }

    private static void position(Call call) {
        SortedSetValue value = call.read(call.arg(1), SortedSetValue.class);
        call.reply().array(call.argCount() - 2L);
        for (int i = 2; i < call.argCount(); i++) {
            Point place = place(value, call.arg(i));
            if (place == null) {
                call.reply().nilArray();
            } else {
                writePoint(call.reply(), place);
            }
        }
    }
}
