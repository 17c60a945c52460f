# Sourced by mvnw and holdfast: leaves the home of a JDK 25 or newer in JAVA_HOME and its version in jdk_version, or says
# what to install and ends.
# Versions are read from each home's `release` file, so that looking costs no JVM start.

wanted_jdk=25

# The version of the JDK in $1, in jdk_version, and its first number in jdk_major; 0 where there is none that can compile.
read_jdk_version() {
    jdk_version=
    jdk_major=0
    [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 0
    while IFS='=' read -r jdk_key jdk_value; do
        if [ "$jdk_key" = JAVA_VERSION ]; then
            jdk_version=${jdk_value#\"}
            jdk_version=${jdk_version%\"}
            jdk_major=${jdk_version%%[!0-9]*}
            jdk_major=${jdk_major:-0}
            return 0
        fi
    done <"$1/release"
}

is_wanted_jdk() {
    [ -n "$1" ] || return 1
    read_jdk_version "$1"
    [ "$jdk_major" -ge "$wanted_jdk" ]
}

# The home of the `java` on PATH, in jdk_on_path.
read_jdk_on_path() {
    jdk_on_path=$(command -v java 2>/dev/null) || { jdk_on_path=; return 0; }
    if [ -L "$jdk_on_path" ]; then
        jdk_on_path=$(readlink -f "$jdk_on_path" 2>/dev/null || echo "$jdk_on_path")
    fi
    jdk_on_path=${jdk_on_path%/bin/java}
}

find_jdk() {
    if is_wanted_jdk "${JAVA_HOME:-}"; then
        return 0
    fi
    read_jdk_on_path
    if is_wanted_jdk "$jdk_on_path"; then
        JAVA_HOME=$jdk_on_path
        return 0
    fi
    if [ -x /usr/libexec/java_home ]; then
        jdk_candidate=$(/usr/libexec/java_home -F -v "$wanted_jdk+" 2>/dev/null) || jdk_candidate=
        if is_wanted_jdk "$jdk_candidate"; then
            JAVA_HOME=$jdk_candidate
            return 0
        fi
    fi
    for jdk_candidate in /usr/lib/jvm/* /usr/lib64/jvm/* /usr/java/* /usr/local/java/* /usr/local/openjdk* \
        /opt/java/* /opt/jdk* /opt/*jdk* /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
        /usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home /Library/Java/JavaVirtualMachines/*/Contents/Home \
        "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/* "${HOME:-}"/.asdf/installs/java/* \
        "${HOME:-}"/.local/share/mise/installs/java/*; do
        if is_wanted_jdk "$jdk_candidate"; then
            JAVA_HOME=$jdk_candidate
            return 0
        fi
    done
    return 1
}

if ! find_jdk; then
    {
        echo "Holdfast needs a JDK $wanted_jdk or newer (with javac), and none was found."
        echo "Install one, for example Eclipse Temurin 25 or your system's package openjdk-25-jdk,"
        echo "and put its bin/java on PATH or its folder into JAVA_HOME."
    } >&2
    exit 1
fi
export JAVA_HOME
