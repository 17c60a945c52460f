package dev.holdfast.app.cli;

import dev.holdfast.app.cli.ServerAddress.Host;
import dev.holdfast.engine.base.Reason;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * One connection to a server, with what belongs to one: a database, a transaction, subscriptions. It finds the primary through
 * Sentinels, and follows a cluster's redirections as valkey-cli does with {@code -c}.
 */
final class ServerSession implements Closeable {
    private static final int CONNECT_MILLIS = 5000;
    private static final int MOST_REDIRECTIONS = 5;

    private final ServerAddress address;
    private final Consumer<Answer> pushes;
    private Host host;
    private Socket socket;
    private AnswerReader in;
    private int database;
    private boolean queueing;

    /**
     * Connects.
     *
     * @param pushes takes what comes unasked, such as messages and invalidations
     * @throws IOException if no server answers, or it does not let this client in
     */
    ServerSession(ServerAddress address, Consumer<Answer> pushes) throws IOException {
        this.address = address;
        this.pushes = pushes;
        this.database = address.database();
        this.host = address.primary() == null ? address.hosts().getFirst() : primary();
        this.socket = connect(host);
        this.in = new AnswerReader(new BufferedInputStream(socket.getInputStream()));
        begin();
    }

    private Socket connect(Host to) throws IOException {
        Socket plain = new Socket();
        try {
            plain.setTcpNoDelay(true);
            plain.connect(new InetSocketAddress(to.name(), to.port()), CONNECT_MILLIS);
            return address.encryption() == null
                    ? plain
                    : address.encryption().createSocket(plain, to.name(), to.port(), true);
        } catch (IOException e) {
            plain.close();
            throw new IOException("no server answers at " + to + " (" + Reason.of(e) + ")", e);
        }
    }

    /** Asks one Sentinel after the other. */
    private Host primary() throws IOException {
        IOException last = new IOException("no Sentinel is named");
        for (Host sentinel : address.hosts()) {
            try (Socket asked = connect(sentinel)) {
                asked.setSoTimeout(CONNECT_MILLIS);
                asked.getOutputStream()
                        .write(request(List.of(
                                words("SENTINEL", "GET-MASTER-ADDR-BY-NAME", String.valueOf(address.primary())))));
                List<Answer> found =
                        new AnswerReader(asked.getInputStream()).read().asList();
                if (found.size() == 2) {
                    return Host.of(found.get(0).asText() + ":" + found.get(1).asText(), 0);
                }
                last = new IOException("the Sentinel at " + sentinel + " knows no primary " + address.primary());
            } catch (IOException e) {
                last = e;
            }
        }
        throw last;
    }

    /** RESP3 where the server has it, the user, the database. */
    private void begin() throws IOException {
        String password = address.password();
        if (password != null) {
            must(address.user() == null ? words("AUTH", password) : words("AUTH", address.user(), password));
        }
        ask(words("HELLO", "3"));
        if (database != 0 && !address.cluster()) {
            must(words("SELECT", Integer.toString(database)));
        }
    }

    private void must(List<byte[]> words) throws IOException {
        if (ask(words) instanceof Answer.Failure(String message)) {
            throw new IOException("the server at " + host + " answered: " + message);
        }
    }

    /** A command's words as bytes. */
    static List<byte[]> words(String... words) {
        List<byte[]> bytes = new ArrayList<>();
        for (String word : words) {
            bytes.add(word.getBytes(StandardCharsets.UTF_8));
        }
        return bytes;
    }

    /** Runs a command and gives its answer, from the node that has it. */
    Answer call(List<byte[]> words) throws IOException {
        Answer answer = ask(words);
        for (int i = 0; i < MOST_REDIRECTIONS && address.cluster() && isRedirection(answer); i++) {
            String[] parts = answer.asText().split(" ");
            boolean asking = parts[0].equals("ASK");
            moveTo(Host.of(parts[2], 0));
            if (asking) {
                must(words("ASKING"));
            }
            answer = ask(words);
        }
        note(words, answer);
        return answer;
    }

    Answer call(String... words) throws IOException {
        return call(words(words));
    }

    private static boolean isRedirection(Answer answer) {
        return answer instanceof Answer.Failure(String message) && message.matches("(MOVED|ASK) \\d+ .+:\\d+");
    }

    private void moveTo(Host next) throws IOException {
        socket.close();
        host = next;
        reconnect();
    }

    /** Connects again, to the same server; a transaction and subscriptions are over. */
    void reconnect() throws IOException {
        socket.close();
        queueing = false;
        socket = connect(host);
        in = new AnswerReader(new BufferedInputStream(socket.getInputStream()));
        begin();
    }

    /** Remembers what a prompt shows. */
    private void note(List<byte[]> words, Answer answer) {
        if (answer instanceof Answer.Failure) {
            return;
        }
        switch (new String(words.getFirst(), StandardCharsets.UTF_8).toUpperCase(Locale.ROOT)) {
            case "SELECT" -> database = Integer.parseInt(new String(words.get(1), StandardCharsets.UTF_8));
            case "MULTI" -> queueing = true;
            case "EXEC", "DISCARD" -> queueing = false;
            case "RESET" -> {
                queueing = false;
                database = 0;
            }
            default -> {}
        }
    }

    /** Sends commands together; gives their answers in order. */
    List<Answer> callAll(List<List<byte[]>> commands) throws IOException {
        socket.getOutputStream().write(request(commands));
        List<Answer> answers = new ArrayList<>(commands.size());
        for (int i = 0; i < commands.size(); i++) {
            answers.add(answer());
        }
        return answers;
    }

    private Answer ask(List<byte[]> words) throws IOException {
        return callAll(List.of(words)).getFirst();
    }

    /** The next answer; what was pushed before it goes to those who take it. */
    Answer answer() throws IOException {
        Answer answer = in.read();
        while (answer instanceof Answer.Row(Answer.Kind kind, List<Answer> elements) && kind == Answer.Kind.PUSH) {
            pushes.accept(answer);
            if (isConfirmation(elements)) {
                return new Answer.Null();
            }
            answer = in.read();
        }
        return answer;
    }

    /** The confirmation of a subscription is the answer to it, though it comes as a push. */
    private static boolean isConfirmation(List<Answer> push) {
        return !push.isEmpty() && push.getFirst().asText().endsWith("subscribe");
    }

    private static byte[] request(List<List<byte[]>> commands) {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        for (List<byte[]> words : commands) {
            append(request, "*" + words.size());
            for (byte[] word : words) {
                append(request, "$" + word.length);
                request.writeBytes(word);
                append(request, "");
            }
        }
        return request.toByteArray();
    }

    private static void append(ByteArrayOutputStream request, String line) {
        request.writeBytes((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    /** What to show before what is typed: {@code 127.0.0.1:6379[8](TX)}. */
    String prompt() {
        return host + (database == 0 ? "" : "[" + database + "]") + (queueing ? "(TX)" : "");
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
