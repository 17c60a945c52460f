package dev.holdfast.relay.http;

import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.StoreException;
import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How what a handler throws is answered. */
final class Failures {
    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

    private Failures() {}

    static Response answer(Request request, Throwable failure) {
        return switch (failure) {
            case HttpError error -> error.response();
            case CommandFailedException refused -> refused(request, refused);
            case StoreException unavailable -> later("the store cannot be reached");
            case CancellationException ended -> later("the server is ending");
            default -> {
                LOG.error("{} {} failed", request.method(), request.path(), failure);
                yield Response.error(500, "Internal Server Error");
            }
        };
    }

    /** A store that refuses for a while is no fault of the caller, nor of the code. */
    private static Response refused(Request request, CommandFailedException failure) {
        return switch (failure.code()) {
            case "OOM" -> Response.error(507, "the store is full: its maxmemory is reached");
            case "MISCONF" -> later("the store does not accept writes: it cannot write to its disk");
            case "LOADING" -> later("the store is loading its data");
            case "BUSY" -> later("the store is busy with a script");
            case "READONLY", "NOREPLICAS", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN" ->
                later("the store does not accept writes at present");
            default -> {
                LOG.error("{} {} failed", request.method(), request.path(), failure);
                yield Response.error(500, "Internal Server Error");
            }
        };
    }

    private static Response later(String detail) {
        return Response.error(503, detail).header("retry-after", "1");
    }
}
