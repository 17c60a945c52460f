package dev.holdfast.relay.topic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.relay.HttpFace;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;

/** So many requests a minute for one user, in all processes together. */
class RequestRateTest {
    private static final int MOST = 60;

    @Test
    void oneTooManyIsToldWhenToComeAgainAndHindersNoOther() throws Exception {
        try (RelayServer server = new RelayServer(RelayServer.SETTINGS, MOST);
                HttpFace another = server.another()) {
            RelayClient there = new RelayClient(another.port());
            there.token = server.anna.token;
            int refused = 0;
            int allowed = 0;
            // The bucket fills by one a second meanwhile.
            while (refused == 0 && allowed < 10 * MOST) {
                RelayClient client = allowed % 2 == 0 ? server.anna : there;
                if (client.publish("t", "{\"n\":1}").status() == 201) {
                    allowed++;
                } else {
                    refused++;
                }
            }
            assertEquals(1, refused);
            assertTrue(allowed >= MOST, "allowed " + allowed);
            HttpResponse<String> answer = HttpClient.newHttpClient()
                    .send(server.anna.request("/api/v1/topics").build(), HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() == 429) {
                assertEquals("1", answer.headers().firstValue("retry-after").orElse(""));
            }
            server.admin.get("/api/v1/topics").expect(200);
            there.close();
        }
    }
}
