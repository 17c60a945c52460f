package dev.holdfast.engine.base;

import java.io.EOFException;
import java.net.UnknownHostException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/**
 * Why something could not be done, for a message. The JDK's exceptions often have a path or a name alone for theirs, or nothing: what
 * happened is in their class.
 */
public final class Reason {
    private Reason() {}

    /** The file, if it is about one, and what happened, in the words of the operating system. */
    public static String of(Throwable thrown) {
        String message = thrown.getMessage();
        return switch (thrown) {
            case FileSystemException e when e.getReason() == null -> e.getFile() + ": " + reason(e);
            case UnknownHostException e -> "unknown host " + message;
            case EOFException e when message == null -> "the file ends too early";
            case CharacterCodingException e -> "it is no text in UTF-8";
            default -> message == null || message.isBlank() ? thrown.getClass().getSimpleName() : message;
        };
    }

    private static String reason(FileSystemException thrown) {
        return switch (thrown) {
            case NoSuchFileException e -> "No such file or directory";
            case AccessDeniedException e -> "Permission denied";
            case FileAlreadyExistsException e -> "File exists";
            case NotDirectoryException e -> "Not a directory";
            case DirectoryNotEmptyException e -> "Directory not empty";
            default -> thrown.getClass().getSimpleName();
        };
    }
}
