package dev.holdfast.relay.cpe;

import dev.holdfast.relay.http.Json;
import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.relay.http.Routes;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cpe.CpeDictionary;
import dev.holdfast.toolkit.cpe.Guess;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * cpe-guesser's two requests. Both take {@code {"query": ["word", …]}}: {@code POST /search} answers
 * {@code [[score, "cpe:2.3:a:vendor:product"], …]}, best first, and {@code POST /unique} the best name alone, or an empty list.
 */
public final class CpePages {
    private static final String WRONG = "Missing query array or incorrect JSON format";
    private static final int BODY_BYTES = 64 * 1024;
    private static final int MOST_WORDS = 100;
    private static final int MOST_GUESSES = 100;

    private final Toolkit toolkit;
    private @Nullable CpeDictionary dictionary;

    /**
     * @param toolkit over the database that has the dictionary; the dictionary is read from it at the first request
     */
    public CpePages(Toolkit toolkit) {
        this.toolkit = toolkit;
    }

    public void add(Routes routes) {
        routes.add("POST", "/search", BODY_BYTES, this::search).add("POST", "/unique", BODY_BYTES, this::unique);
    }

    private synchronized CpeDictionary dictionary() {
        CpeDictionary read = dictionary;
        if (read == null) {
            read = toolkit.cpeDictionary().build();
            dictionary = read;
        }
        return read;
    }

    private Response search(Request request) {
        List<String> words = words(request);
        if (words == null) {
            return Response.json(400, WRONG);
        }
        return Response.json(dictionary().guess(words, MOST_GUESSES).stream()
                .map(guess -> List.of(guess.score(), guess.cpe()))
                .toList());
    }

    private Response unique(Request request) {
        List<String> words = words(request);
        if (words == null) {
            return Response.json(400, WRONG);
        }
        List<Guess> best = dictionary().guess(words, 1);
        return best.isEmpty()
                ? Response.json(List.of())
                : Response.json(best.getFirst().cpe());
    }

    /** The words that are asked for, or null if the request has none. */
    private static @Nullable List<String> words(Request request) {
        JsonNode body;
        try {
            body = Json.read(request.body());
        } catch (JacksonException e) {
            return null;
        }
        JsonNode query = body.isObject() ? body.get("query") : null;
        if (query == null || !query.isArray() || query.size() > MOST_WORDS) {
            return null;
        }
        List<String> words = new ArrayList<>();
        for (JsonNode word : query) {
            if (!word.isString()) {
                return null;
            }
            words.add(word.asString());
        }
        return words;
    }
}
