package dev.holdfast.relay.http;

import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which handler answers which method and path. A template is a path whose segments are literal, or {@code {name}} for any one
 * segment; a literal one wins. All routes are added before the server starts.
 */
public final class Routes {
    /** The body that a route takes at most, unless it says otherwise. */
    public static final int USUAL_BODY_BYTES = 1 << 20;

    private final List<Route> routes = new ArrayList<>();

    /** None yet. */
    public Routes() {}

    /** A method, a template and their handler. */
    record Route(String method, String template, List<String> segments, int bodyBytes, Handler handler) {
        private boolean fits(List<String> path) {
            if (path.size() != segments.size()) {
                return false;
            }
            for (int i = 0; i < segments.size(); i++) {
                if (!isVariable(segments.get(i)) && !segments.get(i).equals(path.get(i))) {
                    return false;
                }
            }
            return true;
        }

        private long variables() {
            return segments.stream().filter(Route::isVariable).count();
        }

        private static boolean isVariable(String segment) {
            return segment.startsWith("{");
        }
    }

    /** A route that fits a path. */
    record Match(Route route, Map<String, String> parameters) {
        String parameter(String name) {
            String value = parameters.get(name);
            if (value == null) {
                throw new IllegalArgumentException(route.template + " has no {" + name + "}");
            }
            return value;
        }
    }

    public Routes get(String template, Handler handler) {
        return add("GET", template, USUAL_BODY_BYTES, handler);
    }

    public Routes post(String template, Handler handler) {
        return add("POST", template, USUAL_BODY_BYTES, handler);
    }

    public Routes put(String template, Handler handler) {
        return add("PUT", template, USUAL_BODY_BYTES, handler);
    }

    public Routes delete(String template, Handler handler) {
        return add("DELETE", template, USUAL_BODY_BYTES, handler);
    }

    /**
     * Adds a route.
     *
     * @param bodyBytes how long the body of a request may be
     */
    public Routes add(String method, String template, int bodyBytes, Handler handler) {
        routes.add(new Route(method, template, segments(template), bodyBytes, handler));
        return this;
    }

    /** All routes as {@code METHOD /template}. */
    public List<String> list() {
        return routes.stream().map(route -> route.method + " " + route.template).toList();
    }

    private static List<String> segments(String rawPath) {
        return List.of(rawPath.substring(Math.min(1, rawPath.length())).split("/", -1));
    }

    /**
     * The route for a request, or null if the path leads nowhere.
     *
     * @param rawPath as it was sent, so that an encoded slash does not separate segments
     */
    @Nullable
    Match find(String method, String rawPath) {
        List<String> path = segments(rawPath).stream()
                .map(segment -> QueryStringDecoder.decodeComponent(segment.replace("+", "%2B")))
                .toList();
        Route best = null;
        for (Route route : routes) {
            if (route.method.equals(method)
                    && route.fits(path)
                    && (best == null || route.variables() < best.variables())) {
                best = route;
            }
        }
        if (best == null) {
            return method.equals("HEAD") ? find("GET", rawPath) : null;
        }
        Map<String, String> parameters = new HashMap<>();
        for (int i = 0; i < path.size(); i++) {
            String segment = best.segments.get(i);
            if (Route.isVariable(segment)) {
                parameters.put(segment.substring(1, segment.length() - 1), path.get(i));
            }
        }
        return new Match(best, parameters);
    }

    /** The methods that a path answers, separated by commas; empty if it leads nowhere. */
    String allowed(String rawPath) {
        TreeSet<String> methods = new TreeSet<>();
        for (String method : List.of("GET", "POST", "PUT", "DELETE", "PATCH")) {
            if (find(method, rawPath) != null) {
                methods.add(method);
            }
        }
        if (methods.contains("GET")) {
            methods.add("HEAD");
        }
        if (!methods.isEmpty()) {
            methods.add("OPTIONS");
        }
        return String.join(", ", methods);
    }
}
