package dev.holdfast.toolkit.cpe;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import javax.xml.stream.Location;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.jspecify.annotations.Nullable;

/**
 * Names in the XML of the CPE dictionary: each {@code cpe-item} is one, by the {@code name} of its {@code cpe23-item} or, in a
 * dictionary of CPE 2.2, by its own; not if it is {@code deprecated}. It is in UTF-8.
 */
final class XmlNames {
    private static final XMLInputFactory FACTORY = factory();

    private XmlNames() {}

    private static XMLInputFactory factory() {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        return factory;
    }

    static void read(String file, InputStream in, Names names) throws IOException {
        try {
            XMLStreamReader reader =
                    FACTORY.createXMLStreamReader(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()));
            try {
                read(file, reader, names);
            } finally {
                reader.close();
            }
        } catch (XMLStreamException e) {
            if (e.getNestedException() instanceof IOException broken && !(broken instanceof CharacterCodingException)) {
                throw broken;
            }
            String message = String.valueOf(e.getMessage());
            throw new MalformedFileException(
                    where(file, e.getLocation()), message.substring(message.lastIndexOf('\n') + 1), e);
        }
    }

    private static void read(String file, XMLStreamReader reader, Names names) throws IOException, XMLStreamException {
        boolean isDictionary = false;
        String name = null;
        boolean deprecated = false;
        while (reader.hasNext()) {
            switch (reader.next()) {
                case XMLStreamConstants.START_ELEMENT -> {
                    switch (reader.getLocalName()) {
                        case "cpe-list" -> isDictionary = true;
                        case "cpe-item" -> {
                            name = reader.getAttributeValue(null, "name");
                            deprecated = "true".equals(reader.getAttributeValue(null, "deprecated"));
                        }
                        case "cpe23-item" -> {
                            String better = reader.getAttributeValue(null, "name");
                            name = better == null ? name : better;
                        }
                        default -> {
                            if (!isDictionary) {
                                throw new MalformedFileException(
                                        where(file, reader.getLocation()),
                                        "a CPE dictionary begins with cpe-list, not " + reader.getLocalName());
                            }
                        }
                    }
                }
                case XMLStreamConstants.END_ELEMENT -> {
                    if (reader.getLocalName().equals("cpe-item")) {
                        if (deprecated) {
                            names.deprecated();
                        } else {
                            names.text(name == null ? "" : name, where(file, reader.getLocation()));
                        }
                        name = null;
                    }
                }
                default -> {}
            }
        }
    }

    private static String where(String file, @Nullable Location location) {
        return location == null
                ? file
                : file + ", line " + location.getLineNumber() + ", column " + location.getColumnNumber();
    }
}
