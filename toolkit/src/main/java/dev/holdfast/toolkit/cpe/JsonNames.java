package dev.holdfast.toolkit.cpe;

import java.io.CharConversionException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;

/**
 * Names in JSON: one document, or several one after another.
 *
 * <ul>
 *   <li>An object with {@code products}, as NVD's API and feeds have it: each element's {@code cpe} is one name, {@code cpeName}, unless
 *       {@code deprecated} is true.
 *   <li>Any other object is a record, such as one of CVE 5, or holds an array of them. A record names a product once, however many of
 *       its strings are CPE names.
 * </ul>
 */
final class JsonNames {
    private static final JsonFactory FACTORY = new JsonFactory();
    /** Of how many names of one record it is remembered that they were there. */
    private static final int MAX_REMEMBERED = 10_000;
    /** The fields that hold records instead of being part of one. */
    private static final Set<String> RECORDS = Set.of("products", "vulnerabilities");

    private final String file;
    private final JsonParser parser;
    private final Names names;

    private JsonNames(String file, JsonParser parser, Names names) {
        this.file = file;
        this.parser = parser;
        this.names = names;
    }

    static void read(String file, InputStream in, Names names) throws IOException {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), new Unclosed(in))) {
            new JsonNames(file, parser, names).documents();
        } catch (JacksonException e) {
            if (e.getCause() instanceof IOException broken && !(broken instanceof CharConversionException)) {
                throw broken;
            }
            throw new MalformedFileException(where(file, e.getLocation()), String.valueOf(e.getOriginalMessage()), e);
        }
    }

    private static String where(String file, @Nullable TokenStreamLocation location) {
        return location == null ? file : file + ", line " + location.getLineNr() + ", column " + location.getColumnNr();
    }

    private String where() {
        return where(file, parser.currentTokenLocation());
    }

    private void documents() throws IOException {
        for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
            value(token);
        }
    }

    /** A document, or an element of an array of records. */
    private void value(JsonToken token) throws IOException {
        switch (token) {
            case START_ARRAY -> {
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    value(parser.currentToken());
                }
            }
            case START_OBJECT -> record(new LinkedHashSet<>());
            default -> throw new MalformedFileException(where(), "a record is an object, not " + parser.getString());
        }
    }

    /** A record, up to its end, or an object that holds an array of them. */
    private void record(Set<String> found) throws IOException {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String field = parser.currentName();
            JsonToken token = parser.nextToken();
            if (token == JsonToken.START_ARRAY && RECORDS.contains(field)) {
                value(token);
            } else if (token == JsonToken.START_OBJECT && field.equals("cpe")) {
                entry();
            } else {
                anywhere(token, found);
            }
        }
    }

    /** An entry of NVD's dictionary, up to its end. It also lists the names that it deprecates. */
    private void entry() throws IOException {
        String name = "";
        String where = where();
        boolean deprecated = false;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String field = parser.currentName();
            JsonToken token = parser.nextToken();
            if (field.equals("cpeName") && token == JsonToken.VALUE_STRING) {
                name = parser.getString();
                where = where();
            } else if (field.equals("deprecated")) {
                deprecated = token == JsonToken.VALUE_TRUE;
            }
            parser.skipChildren();
        }
        if (deprecated) {
            names.deprecated();
        } else {
            names.text(name, where);
        }
    }

    /** A value of a record, in which any string may be a name. */
    private void anywhere(JsonToken token, Set<String> found) throws IOException {
        int depth = 0;
        JsonToken at = token;
        while (true) {
            if (at.isStructStart()) {
                depth++;
            } else if (at.isStructEnd()) {
                depth--;
            } else if (at == JsonToken.VALUE_STRING) {
                string(parser.getString(), found);
            }
            if (depth == 0) {
                return;
            }
            at = parser.nextToken();
            if (at == null) {
                throw new MalformedFileException(where(), "the file ends within a record");
            }
        }
    }

    private void string(String text, Set<String> found) throws IOException {
        if (!CpeName.isOne(text)) {
            return;
        }
        CpeName name;
        try {
            name = CpeName.parse(text);
        } catch (IllegalArgumentException e) {
            if (found.add(text)) {
                names.rejected(where(), String.valueOf(e.getMessage()));
            }
            return;
        }
        if (found.size() >= MAX_REMEMBERED) {
            found.clear();
        }
        if (found.add(name.toString())) {
            names.name(name);
        }
    }

    /** Jackson closes what it reads; a member of an archive must stay open. */
    private static final class Unclosed extends FilterInputStream {
        Unclosed(InputStream in) {
            super(in);
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            return in.read(bytes, offset, length);
        }

        @Override
        public void close() {}
    }
}
