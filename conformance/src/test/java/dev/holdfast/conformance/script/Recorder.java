package dev.holdfast.conformance.script;

import dev.holdfast.conformance.access.Answer;
import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.Answer.Kind;
import dev.holdfast.conformance.access.Notation;
import dev.holdfast.conformance.access.RealServer;
import dev.holdfast.conformance.access.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * Completes scripts: where a line has a command but no answer, it writes the one that a real server gives. What it has written
 * is to be read before it is believed. Arguments: the files.
 */
final class Recorder {
    private static final int COLUMN = 56;

    private Recorder() {}

    public static void main(String[] files) throws IOException {
        try (RealServer server = RealServer.start()) {
            System.out.println("Recording " + server);
            for (String file : files) {
                record(server, Path.of(file));
            }
        }
    }

    private static void record(RealServer server, Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        List<Answer> three = answers(server, Form.RESP3, lines);
        List<Answer> two = answers(server, Form.RESP2, lines);
        List<String> completed = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).stripTrailing();
            Answer answer = three.get(i);
            if (!line.isBlank() && !line.startsWith("#") && !line.startsWith("==") && !line.contains("-->")) {
                answer = merge(answer, two.get(i));
                String text = answer.toString();
                if (!answer.in(Form.RESP2).accepts(two.get(i))) {
                    text += " || " + two.get(i);
                }
                line = (line + " ".repeat(Math.max(1, COLUMN - line.length()))) + "--> " + text;
            }
            completed.add(line);
        }
        Files.write(file, completed);
    }

    /** The answer of RESP3 with the two kinds of nothing that RESP2 has. */
    private static Answer merge(Answer three, Answer two) {
        if (three.kind() == Kind.NIL && two.kind() == Kind.NIL_ARRAY) {
            return two;
        }
        if (three.kind() != Kind.ARRAY || two.parts().size() != three.parts().size()) {
            return three;
        }
        List<Answer> parts = new ArrayList<>();
        for (int i = 0; i < three.parts().size(); i++) {
            parts.add(merge(three.parts().get(i), two.parts().get(i)));
        }
        return Answer.of(Kind.ARRAY, parts);
    }

    /** What the server answers to each line; null stands where there is no command. */
    private static List<Answer> answers(RealServer server, Form form, List<String> lines) {
        List<Answer> answers = new ArrayList<>();
        Map<String, Session> clients = new HashMap<>();
        for (String line : lines) {
            Answer answer = Answer.NIL;
            if (line.startsWith("==")) {
                clients.values().forEach(Session::close);
                clients.clear();
                try (Session session = server.connect(form)) {
                    session.run("FLUSHALL");
                }
            } else if (!line.isBlank() && !line.startsWith("#")) {
                Script.Step step = Script.step(0, line.strip());
                Session client = clients.computeIfAbsent(step.client(), ignored -> server.connect(form));
                if (!step.words().isEmpty()) {
                    client.send(step.words());
                    // Time for a command that waits to begin to.
                    LockSupport.parkNanos(step.waits() ? 20_000_000 : 0);
                }
                if (!step.waits()) {
                    answer = client.receive();
                    for (long end = System.nanoTime() + 5_000_000_000L; step.until() && System.nanoTime() < end; ) {
                        if (Notation.parse(step.expected()).in(form).accepts(answer)) {
                            break;
                        }
                        answer = client.run(step.words());
                    }
                }
            }
            answers.add(answer);
        }
        clients.values().forEach(Session::close);
        return answers;
    }
}
