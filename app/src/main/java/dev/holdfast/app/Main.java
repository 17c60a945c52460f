package dev.holdfast.app;

/** The program's entry: answers {@code --help} and {@code --version}. */
public final class Main {
    private static final String HELP = """
            Usage: ./holdfast [/path/to/valkey.conf] [options] [-]
                   ./holdfast - (read the configuration from standard input)
                   ./holdfast -v or --version
                   ./holdfast -h or --help

            Every directive of the configuration file is also an option:
                   ./holdfast --port 7777
                   ./holdfast /etc/valkey.conf --port 7777 --appendonly no

            JVM options go into the environment variable HOLDFAST_JAVA_OPTS.
            """;

    private Main() {}

    public static void main(String[] arguments) {
        String first = arguments.length == 0 ? "--help" : arguments[0];
        switch (first) {
            case "-v", "--version" -> System.out.println("Holdfast " + version());
            default -> System.out.print(HELP);
        }
    }

    private static String version() {
        String version = Main.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
