package dev.holdfast.relay.http;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The fields of a JSON object that a client has sent. What is missing or wrong is an {@link HttpError} 422 whose detail names the
 * field: {@code {"detail": [{"loc": ["body", "topic"], "msg": …, "type": "value_error"}]}}.
 */
public final class Fields {
    private final JsonNode object;
    private final List<Object> place;

    private Fields(JsonNode object, List<Object> place) {
        this.object = object;
        this.place = place;
        if (!object.isObject()) {
            throw invalid(place, "must be a JSON object");
        }
    }

    /** The body of a request. */
    public static Fields of(Request request) {
        return new Fields(request.json(), List.of("body"));
    }

    /** A message of a WebSocket. */
    public static Fields of(JsonNode message) {
        return new Fields(message, List.of("message"));
    }

    public boolean has(String name) {
        return object.has(name) && !object.get(name).isNull();
    }

    private JsonNode required(String name) {
        if (!has(name)) {
            throw invalid(name, "is required");
        }
        return object.get(name);
    }

    /** Text of so many characters. */
    public String text(String name, int least, int most) {
        JsonNode value = required(name);
        if (!value.isString()) {
            throw invalid(name, "must be text");
        }
        String text = value.asString();
        if (text.length() < least || text.length() > most) {
            throw invalid(name, "must have " + least + " to " + most + " characters");
        }
        return text;
    }

    public String text(String name, String otherwise, int most) {
        return has(name) ? text(name, 0, most) : otherwise;
    }

    public long number(String name, long otherwise, long least, long most) {
        if (!has(name)) {
            return otherwise;
        }
        JsonNode value = object.get(name);
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.asLong() < least || value.asLong() > most) {
            throw invalid(name, "must be a whole number from " + least + " to " + most);
        }
        return value.asLong();
    }

    public boolean flag(String name, boolean otherwise) {
        if (!has(name)) {
            return otherwise;
        }
        if (!object.get(name).isBoolean()) {
            throw invalid(name, "must be true or false");
        }
        return object.get(name).asBoolean();
    }

    /** Texts, so many of them. */
    public List<String> texts(String name, int least, int most) {
        JsonNode value = required(name);
        if (!value.isArray() || value.size() < least || value.size() > most) {
            throw invalid(name, "must be a list of " + least + " to " + most + " elements");
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode element : value) {
            if (!element.isString()) {
                throw invalid(name, "must be a list of texts");
            }
            texts.add(element.asString());
        }
        return texts;
    }

    /** Objects, so many of them. */
    public List<Fields> objects(String name, int least, int most) {
        JsonNode value = required(name);
        if (!value.isArray() || value.size() < least || value.size() > most) {
            throw invalid(name, "must be a list of " + least + " to " + most + " elements");
        }
        List<Fields> objects = new ArrayList<>();
        for (int i = 0; i < value.size(); i++) {
            List<Object> inside = new ArrayList<>(place);
            inside.add(name);
            inside.add(i);
            objects.add(new Fields(value.get(i), inside));
        }
        return objects;
    }

    /** An object, as it is. */
    public JsonNode object(String name) {
        JsonNode value = required(name);
        if (!value.isObject()) {
            throw invalid(name, "must be a JSON object");
        }
        return value;
    }

    /** An object of texts; empty if it is not there. */
    public Map<String, String> textMap(String name) {
        Map<String, String> texts = new LinkedHashMap<>();
        if (has(name)) {
            object(name).forEachEntry((key, value) -> {
                if (!value.isString()) {
                    throw invalid(name, "must be an object of texts");
                }
                texts.put(key, value.asString());
            });
        }
        return texts;
    }

    /** That a field is wrong. */
    public HttpError invalid(String name, String message) {
        List<Object> inside = new ArrayList<>(place);
        inside.add(name);
        return invalid(inside, message);
    }

    private static HttpError invalid(List<Object> place, @Nullable String message) {
        return new HttpError(Response.json(
                422,
                Map.of(
                        "detail",
                        List.of(Map.of("loc", place, "msg", String.valueOf(message), "type", "value_error")))));
    }
}
