package dev.holdfast.toolkit.cpe;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Names in a table: comma-separated (RFC 4180) or, if the first line has a tab, tab-separated values in UTF-8. The first line may name
 * the columns, of which {@code vendor} and {@code product}, or {@code cpe}, are read; without such a line vendor and product are the
 * first two, and a column alone holds CPE names.
 */
final class TableNames {
    private static final int MAX_RECORD = 1 << 20;

    private final String file;
    private final BufferedReader in;
    private final Names names;
    private int line = 1;
    private int recordLine = 1;
    private char comma = ',';

    private TableNames(String file, InputStream in, Names names) {
        this.file = file;
        this.in = new BufferedReader(
                new InputStreamReader(
                        in,
                        StandardCharsets.UTF_8
                                .newDecoder()
                                .onMalformedInput(CodingErrorAction.REPORT)
                                .onUnmappableCharacter(CodingErrorAction.REPORT)),
                1 << 16);
        this.names = names;
    }

    static void read(String file, InputStream in, Names names) throws IOException {
        TableNames table = new TableNames(file, in, names);
        try {
            table.read();
        } catch (CharacterCodingException e) {
            throw new MalformedFileException(table.where(table.line), "is not UTF-8", e);
        }
    }

    private String where(int number) {
        return file + ", line " + number;
    }

    private void read() throws IOException {
        in.mark(1 << 12);
        for (int i = 0; i < 1 << 12; i++) {
            int c = in.read();
            if (c == '\t') {
                comma = '\t';
            }
            if (c < 0 || c == '\n' || c == '\t') {
                break;
            }
        }
        in.reset();
        List<String> first = record();
        if (first == null) {
            return;
        }
        List<String> header = first.stream()
                .map(name -> name.strip().toLowerCase(Locale.ROOT))
                .toList();
        int vendor = header.indexOf("vendor");
        int product = header.indexOf("product");
        int cpe = Math.max(header.indexOf("cpe"), header.indexOf("cpe23"));
        boolean titled = vendor >= 0 && product >= 0 || cpe >= 0;
        if (!titled) {
            vendor = 0;
            product = 1;
            take(first, vendor, product, cpe);
        }
        for (List<String> record = record(); record != null; record = record()) {
            take(record, vendor, product, cpe);
        }
    }

    private void take(List<String> record, int vendor, int product, int cpe) throws IOException {
        if (record.size() == 1 && record.getFirst().isBlank()) {
            return;
        }
        if (cpe >= 0 && cpe < record.size()) {
            names.text(record.get(cpe).strip(), where(recordLine));
        } else if (record.size() == 1 && CpeName.isOne(record.getFirst())) {
            names.text(record.getFirst().strip(), where(recordLine));
        } else if (Math.max(vendor, product) >= record.size()) {
            names.rejected(where(recordLine), "a line without vendor and product");
        } else {
            CpeName name;
            try {
                name = CpeName.of(record.get(vendor), record.get(product));
            } catch (IllegalArgumentException e) {
                names.rejected(where(recordLine), String.valueOf(e.getMessage()));
                return;
            }
            names.name(name);
        }
    }

    /** The fields of the next record, or null at the end. */
    private @Nullable List<String> record() throws IOException {
        int c = in.read();
        if (c < 0) {
            return null;
        }
        recordLine = line;
        List<String> fields = new ArrayList<>(4);
        StringBuilder field = new StringBuilder();
        int length = 0;
        boolean quoted = false;
        while (true) {
            if (length++ > MAX_RECORD) {
                throw new MalformedFileException(
                        where(recordLine), "a record of more than " + MAX_RECORD + " characters");
            }
            if (c == '\n') {
                line++;
            }
            if (quoted) {
                if (c < 0) {
                    throw new MalformedFileException(where(recordLine), "a quotation that does not end");
                }
                if (c == '"') {
                    c = in.read();
                    if (c == '"') {
                        field.append('"');
                    } else {
                        quoted = false;
                        continue;
                    }
                } else {
                    field.append((char) c);
                }
            } else if (c == '"' && field.isEmpty()) {
                quoted = true;
            } else if (c == comma) {
                fields.add(field.toString());
                field.setLength(0);
            } else if (c < 0 || c == '\n') {
                if (!field.isEmpty() && field.charAt(field.length() - 1) == '\r') {
                    field.setLength(field.length() - 1);
                }
                fields.add(field.toString());
                return fields;
            } else {
                field.append((char) c);
            }
            c = in.read();
        }
    }
}
