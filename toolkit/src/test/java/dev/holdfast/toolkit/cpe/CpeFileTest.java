package dev.holdfast.toolkit.cpe;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;

/** The formats of files, and what is done with damaged ones. */
class CpeFileTest {
    private static final String ACME = "cpe:2.3:a:acme:widget";
    private static final String FEED = """
            {"resultsPerPage": 3, "format": "NVD_CPE", "products": [
              {"cpe": {"deprecated": false, "cpeName": "cpe:2.3:a:acme:widget:1.0:*:*:*:*:*:*:*",
                       "deprecates": [{"cpeName": "cpe:2.3:a:acme:old:1.0:*:*:*:*:*:*:*"}],
                       "titles": [{"title": "Acme Widget", "lang": "en"}]}},
              {"cpe": {"cpeName": "cpe:2.3:a:acme:gone:1.0:*:*:*:*:*:*:*", "deprecated": true,
                       "deprecatedBy": [{"cpeName": "cpe:2.3:a:acme:widget:1.0:*:*:*:*:*:*:*"}]}},
              {"cpe": {"cpeName": "nonsense"}}]}
            """;
    private static final String XML = """
            <?xml version='1.0' encoding='UTF-8'?>
            <cpe-list xmlns="http://cpe.mitre.org/dictionary/2.0" xmlns:cpe-23="http://scap.nist.gov/schema/cpe-extension/2.3">
              <generator><product_name>National Vulnerability Database (NVD)</product_name></generator>
              <cpe-item name="cpe:/a:acme:widget:1.0">
                <title xml:lang="en-US">Acme Widget 1.0</title>
                <cpe-23:cpe23-item name="cpe:2.3:a:acme:widget:1.0:*:*:*:*:*:*:*"/>
              </cpe-item>
              <cpe-item name="cpe:/a:acme:rocket%2flauncher:2.0"><title xml:lang="en-US">Rocket</title></cpe-item>
              <cpe-item name="cpe:/a:acme:gone" deprecated="true"/>
            </cpe-list>
            """;
    private static final String CVE = """
            {"dataType": "CVE_RECORD", "containers": {"cna": {"affected": [{"vendor": "Acme", "cpes": [
              "cpe:2.3:a:acme:widget:1.0:*:*:*:*:*:*:*", "cpe:2.3:a:acme:widget:2.0:*:*:*:*:*:*:*"]}],
              "cpeApplicability": [{"nodes": [{"cpeMatch": [{"criteria": "cpe:2.3:o:acme:os:*:*:*:*:*:*:*:*"}]}]}]}}}
            """;

    /** Notes all that is read. */
    private static final class Notes implements Names {
        final List<String> names = new ArrayList<>();
        final List<String> rejected = new ArrayList<>();
        int deprecated;

        @Override
        public void name(CpeName name) {
            names.add(name.toString());
        }

        @Override
        public void deprecated() {
            deprecated++;
        }

        @Override
        public void rejected(String where, String why) {
            rejected.add(where);
        }
    }

    private static Notes read(byte[] content) throws IOException {
        Notes notes = new Notes();
        CpeFile.read("file", new ByteArrayInputStream(content), notes);
        return notes;
    }

    private static Notes read(String content) throws IOException {
        return read(content.getBytes(UTF_8));
    }

    private static String refusal(byte[] content) {
        return String.valueOf(
                assertThrows(MalformedFileException.class, () -> read(content)).getMessage());
    }

    private static byte[] gzip(byte[] content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(content);
        }
        return out.toByteArray();
    }

    private static byte[] zip(String... contents) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("folder/"));
            for (int i = 0; i < contents.length; i++) {
                zip.putNextEntry(new ZipEntry("folder/" + i));
                zip.write(contents[i].getBytes(UTF_8));
            }
        }
        return out.toByteArray();
    }

    private static void header(ByteArrayOutputStream out, String name, char type, int size) {
        byte[] header = new byte[TarReader.BLOCK];
        put(header, 0, name);
        put(header, 124, String.format("%011o", size));
        header[156] = (byte) type;
        put(header, 257, "ustar");
        put(header, 148, "        ");
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xFF;
        }
        put(header, 148, String.format("%06o", sum));
        header[154] = 0;
        out.write(header, 0, header.length);
    }

    private static void put(byte[] header, int offset, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        System.arraycopy(bytes, 0, header, offset, bytes.length);
    }

    private static void content(ByteArrayOutputStream out, byte[] content) {
        out.write(content, 0, content.length);
        out.write(new byte[-content.length & TarReader.BLOCK - 1], 0, -content.length & TarReader.BLOCK - 1);
    }

    private static byte[] tar(String... contents) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        header(out, "folder/", '5', 0);
        for (int i = 0; i < contents.length; i++) {
            byte[] longName = ("folder/" + "long".repeat(40) + i + "\0").getBytes(UTF_8);
            header(out, "././@LongLink", 'L', longName.length);
            content(out, longName);
            byte[] content = contents[i].getBytes(UTF_8);
            header(out, "cut", '0', content.length);
            content(out, content);
        }
        out.write(new byte[1024], 0, 1024);
        return out.toByteArray();
    }

    @Test
    void nvdJson() throws IOException {
        Notes notes = read(FEED);
        assertEquals(List.of(ACME), notes.names);
        assertEquals(1, notes.deprecated);
        assertEquals(List.of("file, line 7, column 23"), notes.rejected);
    }

    @Test
    void xmlDictionary() throws IOException {
        Notes notes = read(XML);
        assertEquals(List.of(ACME, "cpe:2.3:a:acme:rocket\\/launcher"), notes.names);
        assertEquals(1, notes.deprecated);
    }

    @Test
    void cveRecordsNameAProductOnce() throws IOException {
        List<String> one = List.of(ACME, "cpe:2.3:o:acme:os");
        List<String> two = List.of(ACME, "cpe:2.3:o:acme:os", ACME, "cpe:2.3:o:acme:os");
        assertEquals(one, read(CVE).names);
        assertEquals(two, read(CVE.replace("\n", " ") + "\n" + CVE).names);
        assertEquals(two, read("[" + CVE + "," + CVE + "]").names);
        assertEquals(two, read("{\"vulnerabilities\":[" + CVE + "," + CVE + "]}").names);
    }

    @Test
    void tables() throws IOException {
        assertEquals(
                List.of(ACME, "cpe:2.3:a:acme:a\\,\\\"b\\\""), read("acme,widget\r\nacme,\"a,\"\"b\"\"\"\r\n").names);
        assertEquals(List.of(ACME), read("\ufeffid,Product,Vendor\n1,widget,acme\n").names);
        assertEquals(List.of(ACME), read("vendor\tproduct\nacme\twidget").names);
        assertEquals(List.of(ACME, ACME), read("cpe\n" + ACME + "\ncpe:/a:acme:widget\n").names);
        Notes notes = read("acme,widget\nacme\n\n,widget\n");
        assertEquals(List.of(ACME), notes.names);
        assertEquals(List.of("file, line 2", "file, line 4"), notes.rejected);
    }

    @Test
    void archives() throws IOException {
        assertEquals(List.of(ACME), read(gzip(FEED.getBytes(UTF_8))).names);
        assertEquals(List.of(ACME, ACME), read(zip(FEED, "acme,widget\n")).names);
        assertEquals(List.of(ACME, ACME), read(tar(FEED, "acme,widget\n")).names);
        assertEquals(List.of(ACME, ACME), read(gzip(tar(FEED, FEED))).names);
        assertEquals(
                "file!folder/" + "long".repeat(40) + "0, line 7, column 23",
                read(gzip(tar(FEED))).rejected.getFirst());
        byte[] deep = gzip(gzip(gzip(gzip(gzip(FEED.getBytes(UTF_8))))));
        assertTrue(refusal(deep).contains("deeper"), refusal(deep));
    }

    @Test
    void whatIsDamagedIsSaid() throws IOException {
        assertTrue(refusal("{\"products\":[\n{]".getBytes(UTF_8)).startsWith("file, line 2, column "));
        assertTrue(refusal("<cpe-list>\n<cpe-item".getBytes(UTF_8)).startsWith("file, line 2, column "));
        assertTrue(refusal("<html></html>".getBytes(UTF_8)).contains("cpe-list"));
        assertTrue(refusal("acme,\"widget\n".getBytes(UTF_8)).startsWith("file, line 1: "));
        assertTrue(refusal(new byte[] {'a', ',', (byte) 0xFF, '\n'}).contains("UTF-8"));
        assertTrue(refusal(new byte[] {1, 0, 2}).contains("neither"));
        byte[] gzip = gzip(FEED.getBytes(UTF_8));
        assertTrue(refusal(Arrays.copyOf(gzip, gzip.length / 2)).contains("cut off"));
        byte[] tar = tar(FEED);
        assertTrue(refusal(Arrays.copyOf(tar, 2000)).contains("cut off"));
        tar[TarReader.BLOCK + 5]++;
        assertTrue(refusal(tar).contains("no tar header at byte 512"), refusal(tar));
    }

    @Test
    void whatIsNothingIsEmpty() throws IOException {
        assertEquals(List.of(), read("").names);
        assertEquals(List.of(), read(" \n").names);
        assertEquals(List.of(), read("{}").names);
    }

    /** Damage anywhere in a file is an error or goes unnoticed; it is never anything else. */
    @Test
    void anyDamageIsToldOrHarmless() throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        List<byte[]> sound = List.of(
                FEED.getBytes(UTF_8),
                XML.getBytes(UTF_8),
                CVE.getBytes(UTF_8),
                "vendor,product\nacme,\"widget\"\n".getBytes(UTF_8),
                gzip(FEED.getBytes(UTF_8)),
                zip(FEED, XML),
                tar(FEED, CVE),
                gzip(tar(XML)));
        for (int i = 0; i < 4000; i++) {
            byte[] damaged = sound.get(random.nextInt(sound.size())).clone();
            for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            byte[] cut = random.nextInt(4) == 0 ? Arrays.copyOf(damaged, random.nextInt(damaged.length)) : damaged;
            try {
                assertTrue(read(cut).names.size() < 10, "seed " + seed);
            } catch (IOException e) {
                assertTrue(String.valueOf(e.getMessage()).startsWith("file"), "seed " + seed + ": " + e);
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ", round " + i, e);
            }
        }
    }
}
