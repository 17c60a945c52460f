package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.GEO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.OW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Doubles;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.structures.Geohash.Point;
import dev.holdfast.engine.structures.PartialSort;
import dev.holdfast.engine.types.GeoSearch;
import dev.holdfast.engine.types.GeoSearch.Found;
import dev.holdfast.engine.types.GeoShape;
import dev.holdfast.engine.types.SortedSetBuilder;
import dev.holdfast.engine.types.SortedSetValue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** GEOSEARCH, GEOSEARCHSTORE, and the older GEORADIUS and its kin, which say the same in other words. */
public final class GeoSearchCommands {
    private static final String FROM = " [FROMMEMBER member | FROMLONLAT longitude latitude]";
    private static final String BY = " <BYRADIUS radius " + GeoCommands.UNIT + " | BYBOX width height "
            + GeoCommands.UNIT + " | BYPOLYGON num-vertices longitude latitude [longitude latitude ...]>";
    private static final String COUNT = " [COUNT count [ANY]]";
    private static final String ORDER = " [ASC | DESC]";
    private static final String WITH = " [WITHCOORD] [WITHDIST] [WITHHASH]";
    private static final String STORE = " [STORE key | STOREDIST key]";
    private static final String SEARCH_COMPLEXITY =
            "O(N + log M), N being the number of members in the cells around the"
                    + " shape and M the number of those inside it";
    private static final String RADIUS_COMPLEXITY =
            "O(N + log M), N being the number of members in the cells around the"
                    + " circle and M the size of the sorted set";

    private GeoSearchCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("GEOSEARCH", "key" + FROM + BY + ORDER + COUNT + WITH, call -> search(call, Form.SEARCH))
                    .in(GEO)
                    .since("6.2.0")
                    .arity(-7)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity(SEARCH_COMPLEXITY)
                    .summary("The members inside a circle, a box or a polygon"),
            command(
                            "GEOSEARCHSTORE",
                            "destination source" + FROM + BY + ORDER + COUNT + " [STOREDIST]",
                            call -> search(call, Form.SEARCH_STORE))
                    .in(GEO)
                    .since("6.2.0")
                    .arity(-8)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, OW, UPDATE), KeySpec.at(2, RO, ACCESS))
                    .complexity(SEARCH_COMPLEXITY)
                    .summary("Stores the members inside a circle, a box or a polygon"),
            command(
                            "GEORADIUS",
                            "key longitude latitude radius " + GeoCommands.UNIT + WITH + COUNT + ORDER + STORE,
                            call -> search(call, Form.RADIUS))
                    .in(GEO)
                    .since("3.2.0")
                    .arity(-6)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, RO, ACCESS), target("STORE", 6), target("STOREDIST", 6))
                    .complexity(RADIUS_COMPLEXITY)
                    .summary("The members that are near a place, which may be stored"),
            command(
                            "GEORADIUS_RO",
                            "key longitude latitude radius " + GeoCommands.UNIT + WITH + COUNT + ORDER,
                            call -> search(call, Form.RADIUS_READ_ONLY))
                    .in(GEO)
                    .since("3.2.10")
                    .arity(-6)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity(RADIUS_COMPLEXITY)
                    .summary("The members that are near a place"),
            command(
                            "GEORADIUSBYMEMBER",
                            "key member radius " + GeoCommands.UNIT + WITH + COUNT + ORDER + STORE,
                            call -> search(call, Form.MEMBER_RADIUS))
                    .in(GEO)
                    .since("3.2.0")
                    .arity(-5)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, RO, ACCESS), target("STORE", 5), target("STOREDIST", 5))
                    .complexity(RADIUS_COMPLEXITY)
                    .summary("The members that are near another, which may be stored"),
            command(
                            "GEORADIUSBYMEMBER_RO",
                            "key member radius " + GeoCommands.UNIT + WITH + COUNT + ORDER,
                            call -> search(call, Form.MEMBER_RADIUS_READ_ONLY))
                    .in(GEO)
                    .since("3.2.10")
                    .arity(-5)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity(RADIUS_COMPLEXITY)
                    .summary("The members that are near another"));

    /** The key after a keyword; the last, where it stands there more than once. */
    private static KeySpec target(String keyword, int from) {
        return KeySpec.after(keyword, from, 0, 1, 0, OW, UPDATE).foundBy(args -> lastTarget(keyword, from, args));
    }

    private static int lastTarget(String keyword, int from, Args args) {
        int found = -1;
        for (int i = from; i < args.count() - 1; i++) {
            Slice word = args.get(i);
            if (word.isWord("STORE") || word.isWord("STOREDIST")) {
                found = word.isWord(keyword) ? i + 1 : found;
                i++;
            }
        }
        return found;
    }

    /** What the commands differ in. */
    private enum Form {
        SEARCH,
        SEARCH_STORE,
        RADIUS,
        RADIUS_READ_ONLY,
        MEMBER_RADIUS,
        MEMBER_RADIUS_READ_ONLY;

        boolean isSearch() {
            return this == SEARCH || this == SEARCH_STORE;
        }

        boolean isAroundPlace() {
            return this == RADIUS || this == RADIUS_READ_ONLY;
        }

        boolean mayStore() {
            return this == RADIUS || this == MEMBER_RADIUS;
        }

        /** The index of the first option. */
        int options() {
            return switch (this) {
                case SEARCH -> 2;
                case SEARCH_STORE -> 3;
                case RADIUS, RADIUS_READ_ONLY -> 6;
                case MEMBER_RADIUS, MEMBER_RADIUS_READ_ONLY -> 5;
            };
        }
    }

    private enum Order {
        NONE,
        ASCENDING,
        DESCENDING
    }

    /** What a call asks for. Reads its words in Valkey's order, since that decides which mistake is shown. */
    private static final class Request {
        private final Call call;
        private final Form form;
        private final @Nullable SortedSetValue set;

        private @Nullable Slice target;
        private boolean storesDistance;
        private boolean fromMember;
        private @Nullable Point center;
        private double radius = -1;
        private double width = -1;
        private double height;
        private double unit = 1;
        private @Nullable List<Point> corners;
        private boolean withDistance;
        private boolean withHash;
        private boolean withPoint;
        private boolean any;
        private long count;
        private Order order = Order.NONE;

        Request(Call call, Form form, @Nullable SortedSetValue set) {
            this.call = call;
            this.form = form;
            this.set = set;
        }

        void parse() {
            if (form.isAroundPlace()) {
                center = GeoCommands.pointArg(call, 2);
                parseRadius(4);
            } else if (!form.isSearch() && set != null) {
                center = GeoCommands.existingPlace(set, call.arg(2));
                parseRadius(3);
            } else if (form == Form.SEARCH_STORE) {
                target = call.arg(1);
            }
            int at = form.options();
            while (at < call.argCount()) {
                at = parseOption(at);
            }
            check();
        }

        private void parseRadius(int index) {
            radius = call.doubleArg(index, "ERR need numeric radius");
            if (radius < 0) {
                throw new CommandException("ERR radius cannot be negative");
            }
            unit = GeoCommands.unitArg(call, index + 1);
        }

        private void parseBox(int index) {
            width = call.doubleArg(index, "ERR need numeric width");
            height = call.doubleArg(index + 1, "ERR need numeric height");
            if (width < 0 || height < 0) {
                throw new CommandException("ERR height or width cannot be negative");
            }
            unit = GeoCommands.unitArg(call, index + 2);
        }

        /** Reads an option and returns where the next begins. */
        private int parseOption(int at) {
            Slice word = call.arg(at);
            int left = call.argCount() - at - 1;
            if (word.isWord("WITHDIST")) {
                withDistance = true;
            } else if (word.isWord("WITHHASH")) {
                withHash = true;
            } else if (word.isWord("WITHCOORD")) {
                withPoint = true;
            } else if (word.isWord("ANY")) {
                any = true;
            } else if (word.isWord("ASC")) {
                order = Order.ASCENDING;
            } else if (word.isWord("DESC")) {
                order = Order.DESCENDING;
            } else if (word.isWord("COUNT") && left >= 1) {
                count = call.longArg(at + 1);
                if (count <= 0) {
                    throw new CommandException("ERR COUNT must be > 0");
                }
                return at + 2;
            } else if (form.mayStore() && left >= 1 && (word.isWord("STORE") || word.isWord("STOREDIST"))) {
                storesDistance = word.isWord("STOREDIST");
                target = call.arg(at + 1);
                return at + 2;
            } else if (form == Form.SEARCH_STORE && word.isWord("STOREDIST")) {
                storesDistance = true;
            } else {
                return form.isSearch() ? parseShape(at, word, left) : fail();
            }
            return at + 1;
        }

        private static int fail() {
            throw CommandException.syntax();
        }

        private int parseShape(int at, Slice word, int left) {
            boolean fromPlace = center != null && !fromMember;
            if (word.isWord("FROMMEMBER") && left >= 1 && !fromPlace && corners == null) {
                fromMember = true;
                center = set == null ? null : GeoCommands.existingPlace(set, call.arg(at + 1));
                return at + 2;
            } else if (word.isWord("FROMLONLAT") && left >= 2 && !fromMember && corners == null) {
                center = GeoCommands.pointArg(call, at + 1);
                return at + 3;
            } else if (word.isWord("BYRADIUS") && left >= 2 && width < 0 && corners == null) {
                parseRadius(at + 1);
                return at + 3;
            } else if (word.isWord("BYBOX") && left >= 3 && radius < 0 && corners == null) {
                parseBox(at + 1);
                return at + 4;
            } else if (word.isWord("BYPOLYGON") && left >= 2 && radius < 0 && width < 0 && !fromMember && !fromPlace) {
                return parsePolygon(at + 1);
            }
            throw CommandException.syntax();
        }

        private int parsePolygon(int index) {
            long vertices = call.longArg(index, Integer.MIN_VALUE, Integer.MAX_VALUE, "ERR invalid number of vertices");
            if (vertices < 3 || (call.argCount() - index - 1) / 2 < vertices) {
                throw new CommandException("ERR GEOSEARCH BYPOLYGON must have at least 3 vertices");
            }
            List<Point> points = new ArrayList<>();
            unit = 1;
            for (int i = 0; i < vertices; i++) {
                points.add(GeoCommands.pointArg(call, index + 1 + 2 * i));
            }
            corners = points;
            return index + 1 + 2 * points.size();
        }

        private void check() {
            if (target != null && (withDistance || withHash || withPoint)) {
                String what = form == Form.SEARCH_STORE ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS";
                throw new CommandException(
                        "ERR " + what + " is not compatible with WITHDIST, WITHHASH and WITHCOORD options");
            }
            if (form.isSearch() && !fromMember && center == null && corners == null) {
                throw new CommandException("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for "
                        + call.arg(0).shown());
            }
            if (form.isSearch() && radius < 0 && width < 0 && corners == null) {
                throw new CommandException("ERR exactly one of BYRADIUS, BYBOX and BYPOLYGON can be specified for "
                        + call.arg(0).shown());
            }
            if (any && count == 0) {
                throw new CommandException("ERR the ANY argument requires COUNT argument");
            }
        }

        GeoShape shape(Point center) {
            return width >= 0
                    ? new GeoShape.Box(center, width, height, unit)
                    : new GeoShape.Circle(center, radius * unit);
        }

        /** What is inside the shape, in order, and no more than asked for. */
        List<Found> find() {
            if (set == null) {
                return List.of();
            }
            GeoShape shape;
            if (corners != null) {
                shape = GeoShape.Polygon.of(corners);
            } else if (center != null) {
                shape = shape(center);
            } else {
                throw new IllegalStateException("a search without a center");
            }
            List<Found> found = GeoSearch.search(set, shape, any ? count : 0);
            // The nearest are wanted, unless any will do.
            boolean sorts = order != Order.NONE || count > 0 && !any;
            Comparator<Found> comparator =
                    order == Order.DESCENDING ? Found.NEAREST_FIRST.reversed() : Found.NEAREST_FIRST;
            boolean all = count == 0 || count >= found.size();
            if (sorts && all) {
                found.sort(comparator);
            } else if (sorts) {
                PartialSort.sort(found, comparator, 0, (int) count - 1);
            }
            return all ? found : found.subList(0, (int) count);
        }
    }

    private static void search(Call call, Form form) {
        Slice source = call.arg(form == Form.SEARCH_STORE ? 2 : 1);
        Request request = new Request(call, form, call.read(source, SortedSetValue.class));
        request.parse();
        List<Found> found = request.find();
        if (request.target == null) {
            answer(call.reply(), request, found);
        } else {
            store(call, request, request.target, found);
        }
    }

    private static void answer(Reply reply, Request request, List<Found> found) {
        int details = (request.withDistance ? 1 : 0) + (request.withHash ? 1 : 0) + (request.withPoint ? 1 : 0);
        reply.array(found.size());
        for (Found place : found) {
            if (details > 0) {
                reply.array(details + 1L);
            }
            reply.bulk(place.member());
            if (request.withDistance) {
                GeoCommands.writeDistance(reply, place.distanceMeters() / request.unit);
            }
            if (request.withHash) {
                reply.integer((long) place.score());
            }
            if (request.withPoint) {
                GeoCommands.writePoint(reply, place.point());
            }
        }
    }

    private static void store(Call call, Request request, Slice target, List<Found> found) {
        SortedSetBuilder builder = new SortedSetBuilder();
        for (Found place : found) {
            Slice member = place.member();
            if (builder.find(member) == null) {
                builder.insertMissing(
                        member, request.storesDistance ? place.distanceMeters() / request.unit : place.score());
            }
        }
        SortedSetValue result = builder.toValue(
                Call.newRecord(ValueType.ZSET, target),
                SortedSetCommands.maxEntries(call),
                SortedSetCommands.maxLength(call));
        Event event = request.form == Form.SEARCH_STORE ? Event.GEOSEARCHSTORE : Event.GEORADIUSSTORE;
        propagate(call, target, call.exists(target), result);
        SortedSetRangeCommands.store(call, target, result, event, result.size());
    }

    /** Tells of what is stored: another library's sines differ in the last digit, so a search that is repeated elsewhere finds others. */
    private static void propagate(Call call, Slice target, boolean existed, SortedSetValue result) {
        if (!call.isLogged()) {
            return;
        }
        call.propagateNothing();
        if (existed) {
            call.propagateAs("DEL", target);
        }
        if (result.size() > 0) {
            List<Object> words = new ArrayList<>(List.of("ZADD", target));
            SortedSetValue.Walk walk = result.walk();
            while (walk.next()) {
                words.add(Doubles.toBytesOf17Digits(walk.score()));
                words.add(walk.member().toBytes());
            }
            call.propagateAs(words.toArray());
        }
    }
}
