package dev.holdfast.toolkit.cpe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The dictionary is in database 8, unless a URI names another. */
class CpeDictionaryUriTest {
    @ParameterizedTest
    @CsvSource({
        "redis://store:6379,            redis://store:6379/8",
        "redis://store:6379/,           redis://store:6379/8",
        "redis://:secret@store:6379,    redis://:secret@store:6379/8",
        "redis://store:6379/0,          redis://store:6379/0",
        "redis://store:6379/3,          redis://store:6379/3",
        "embedded:,                     embedded:?db=8",
        "embedded:/var/lib/app,         embedded:/var/lib/app?db=8",
        "embedded:/var/lib/app?db=2,    embedded:/var/lib/app?db=2",
        "embedded:./app?maxmemory=10mb, embedded:./app?maxmemory=10mb&db=8"
    })
    void aUriThatNamesNoDatabaseGetsTheDictionarys(String uri, String expected) {
        assertEquals(expected, CpeDictionary.inOwnDatabase(uri));
    }
}
