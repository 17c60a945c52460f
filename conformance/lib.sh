# Sourced by clients/run and scenarios/*/run: starts stores, fetches packages and runs programs. Packages stay under
# target/programs; all else lies in a temporary folder. Nothing that was started outlives the script.
set -uo pipefail

conformance=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$conformance")
fetched=$conformance/target/programs
work=$(mktemp -d)
valkey=${VALKEY_SERVER:-}
port=21950
names=()
seconds=
stores=()
rows=()
left_out=()
failures=()
processes=()
password=correct-horse-battery-staple

# parse_options ARGUMENT...: those that both scripts have; what is left goes to names.
parse_options() {
    while [ $# -gt 0 ]; do
        case $1 in
            --valkey) valkey=$2; shift ;;
            --port) port=$2; shift ;;
            --seconds) seconds=$2; shift ;;
            --short) export CLIENTS_SHORT=yes; seconds=${seconds:-120} ;;
            --long) export CLIENTS_LONG=yes ;;
            --*) echo "unknown option $1" >&2; exit 2 ;;
            *) names+=("$1") ;;
        esac
        shift
    done
}

# The seconds that are left to fetch or run something.
remaining() { [ -z "$seconds" ] && echo 900 || echo $((seconds - SECONDS)); }

# No registry may use up what is left.
fetch_limit() {
    local left
    left=$(remaining)
    if [ -n "$seconds" ] && [ "$left" -gt 45 ]; then left=45; fi
    echo "$left"
}

stop_all() {
    local process
    for process in ${processes[@]+"${processes[@]}"}; do
        kill "$process" 2>/dev/null && wait "$process" 2>/dev/null
    done
    processes=()
}
trap 'stop_all; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# leave_out NAME WHY: is said at once and again at the end.
leave_out() {
    printf '*** NOT TESTED: %s: %s\n' "$1" "$2" >&2
    left_out+=("$1: $2")
}

is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# send PORT COMMAND: one inline command, whose answer's first line is printed.
send() {
    local line
    exec 3<>"/dev/tcp/127.0.0.1/$1" && printf '%s\r\n' "$2" >&3 && read -r -t 20 line <&3
    exec 3>&-
    printf '%s\n' "${line%$'\r'}"
}

# start NAME PORT PROGRAM [OPTION...]: a process that listens on PORT, with a folder and a log of its own.
start() {
    local name=$1 at=$2 process
    shift 2
    if is_open "$at"; then
        echo "port $at is taken; choose another with --port" >&2
        exit 2
    fi
    "$@" >"$work/$name.log" 2>&1 &
    process=$!
    processes+=("$process")
    for _ in $(seq 600); do
        is_open "$at" && return
        kill -0 "$process" 2>/dev/null || break
        sleep 0.1
    done
    cat "$work/$name.log" >&2
    echo "$name did not start" >&2
    exit 2
}

# start_store NAME PORT SERVER [CONFIGURATION] [OPTION...]
start_store() {
    local name=$1 at=$2 server=$3
    shift 3
    mkdir -p "$work/$name"
    start "$name" "$at" "$server" "$@" --port "$at" --dir "$work/$name"
    until [[ $(send "$at" PING) != *LOADING* ]]; do sleep 0.1; done
}

# start_cluster NAME PORT SERVER: one node that serves all slots.
start_cluster() {
    start_store "$@" --cluster-enabled yes --cluster-announce-ip 127.0.0.1 --save ''
    send "$2" 'CLUSTER ADDSLOTSRANGE 0 16383' >/dev/null
    for _ in $(seq 300); do
        [[ $(send "$2" 'GET any') == '$-1' ]] && return
        sleep 0.1
    done
    echo "$1: the cluster did not form" >&2
    exit 2
}

# once STAMP COMMAND...: runs the command unless it succeeded before with the same STAMP file.
once() {
    local stamp=$1 to=$2
    shift 2
    cmp -s "$stamp" "$to/stamp" && return
    rm -rf "$to" && mkdir -p "$to" && cp "$stamp" "$to/" || return
    (cd "$to" && timeout "$(fetch_limit)" "$@") >"$work/fetch.log" 2>&1 && cp "$stamp" "$to/stamp"
}

fetch_reason() {
    local line
    line=$(tail -n 1 "$work/fetch.log")
    printf '%.200s' "${line:-no answer in time}"
}

# prepare FOLDER: the packages that its requirements.txt, package.json or Go files name; says why where they cannot be had.
prepare() {
    local folder=$1 name to
    name=$(basename "$folder")
    to=$fetched/$name
    if [ -f "$folder/requirements.txt" ]; then
        command -v python3 >/dev/null || { leave_out "$name" 'there is no python3'; return 1; }
        once "$folder/requirements.txt" "$to/python" python3 -m pip install --quiet --disable-pip-version-check --retries 1 \
            --target . --requirement requirements.txt || { leave_out "$name" "pip cannot fetch its packages: $(fetch_reason)"; return 1; }
    fi
    if [ -f "$folder/package.json" ]; then
        command -v npm >/dev/null || { leave_out "$name" 'there is no node with npm'; return 1; }
        once "$folder/package.json" "$to/node" npm install --silent --no-package-lock --no-audit --no-fund --fetch-retries 1 --fetch-timeout 20000 ||
            { leave_out "$name" "npm cannot fetch its packages: $(fetch_reason)"; return 1; }
    fi
    if compgen -G "$folder/*.go" >/dev/null; then
        command -v go >/dev/null || { leave_out "$name" 'there is no go'; return 1; }
        mkdir -p "$to"
        (cd "$conformance" && timeout "$(fetch_limit)" go build -o "$to/main" "./${folder#"$conformance"/}") >"$work/fetch.log" 2>&1 ||
            { leave_out "$name" "go cannot fetch or build it: $(fetch_reason)"; return 1; }
    fi
}

# program FOLDER FILE ARGUMENT...: runs a program of a prepared folder; 124 where its time is over.
program() {
    local folder=$1 file=$2 to
    shift 2
    to=$fetched/$(basename "$folder")
    case $file in
        *.py) GO_PROGRAM=$to/main PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$conformance/harness:$to/python timeout "$(remaining)" python3 "$folder/$file" "$@" ;;
        *.mjs) GO_PROGRAM=$to/main NODE_MODULES=$to/node timeout "$(remaining)" node "$folder/$file" "$@" ;;
        *.go) timeout "$(remaining)" "$to/main" "$@" ;;
        *.sh) timeout "$(remaining)" bash "$folder/$file" "$@" ;;
    esac
}

# The toolkit as a program: harness/Companion.java, compiled once.
prepare_toolkit() {
    . "$root/.mvn/find-jdk.sh"
    local jar=$root/app/target/holdfast.jar
    "$JAVA_HOME/bin/javac" -d "$work/companion" -cp "$jar" "$conformance/harness/Companion.java" || exit 2
    export TOOLKIT="$JAVA_HOME/bin/java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED -cp $jar:$work/companion Companion"
}

# start_stores [CONFIGURATION]: this store, and the real Valkey where there is one, each also in cluster mode.
start_stores() {
    stores=(Holdfast)
    start_store Holdfast "$port" "$root/holdfast" ${1+"$1"} --requirepass "$password"
    start_cluster Holdfast-cluster $((port + 1)) "$root/holdfast"
    [ -n "$valkey" ] || return
    stores+=("$("$valkey" --version | sed -E 's/.* v=([0-9.]+) .*/Valkey \1/')")
    start_store Valkey $((port + 2)) "$valkey" ${1+"$1"} --requirepass "$password"
    start_cluster Valkey-cluster $((port + 3)) "$valkey"
}

# compare FOLDER: runs its main program on each store and adds a row to the table. What a real Valkey fails is told, and not held against
# this store.
compare() {
    local folder=$1 name main row i output status why passed failed server
    name=$(basename "$folder")
    [ "$(remaining)" -gt 5 ] || { leave_out "$name" 'no time is left'; return; }
    prepare "$folder" || return
    [ "$(remaining)" -gt 5 ] || { leave_out "$name" 'no time is left'; return; }
    main=$(cd "$folder" && compgen -G 'main.*' | head -n 1)
    row="| $name"
    for i in "${!stores[@]}"; do
        output=$work/$name.$i
        server=$root/holdfast
        [ "$i" -eq 0 ] || server=$valkey
        STORE=$server program "$folder" "$main" "redis://:$password@127.0.0.1:$((port + 2 * i))" "redis://127.0.0.1:$((port + 2 * i + 1))" \
            2>"$output.err" | tee "$output" | sed -u "s/^/[${stores[i]}] $name: /"
        status=${PIPESTATUS[0]}
        [ "$status" -ne 124 ] || { leave_out "$name" 'it was not done when the time was over'; return; }
        why=$(sed -n 's/^left out: //p' "$output")
        [ -z "$why" ] || { leave_out "$name" "$why"; return; }
        passed=$(grep -c ' passed$' "$output")
        failed=$(grep -c ' failed: ' "$output")
        [ "$i" -gt 0 ] || row+=" | $(sed -n 's/^version //p' "$output") | $((passed + failed))"
        row+=" | $passed"
        if [ $((passed + failed)) -eq 0 ] || [ "$status" -ne 0 ] || [ "$failed" -gt 0 ]; then
            tail -n 40 "$output.err"
            [ "$i" -gt 0 ] || failures+=("$name")
        fi
    done
    rows+=("$row |")
}

# print_table HEADING: the rows of what was compared, and the figures that programs printed.
print_table() {
    printf '\n| %s | version | cases' "$1"
    printf ' | passed on %s' "${stores[@]}"
    printf ' |\n|---|---|--:'
    printf '|--:%.0s' "${stores[@]}"
    printf '|\n'
    printf '%s\n' ${rows[@]+"${rows[@]}"}
    cat "$work"/*.0 2>/dev/null | grep -q '^figure ' || return
    printf '\n| figure'
    printf ' | %s' "${stores[@]}"
    printf ' |\n|---'
    printf '|--:%.0s' "${stores[@]}"
    printf '|\n'
    for output in "$work"/*.0; do
        paste -d '\t' $(for i in "${!stores[@]}"; do echo "$output" | sed "s/0$/$i/"; done | while read -r each; do
            sed -n 's/^figure //p' "$each" >"$each.figures"
            echo "$each.figures"
        done) | awk -F '\t' '{ split($1, first, ": "); line = "| " first[1]; for (i = 1; i <= NF; i++) { split($i, each, ": "); line = line " | " each[2] } print line " |" }'
    done
}

# check_log NAME: what the store logged as wrong makes the run fail.
check_log() {
    if grep -E ' (ERROR|WARN) |Exception' "$work/$1.log" | grep -v 'Closing client'; then
        echo "the log of $1 has errors (above)"
        failures+=("log of $1")
    fi
}

# finish: says what was left out and what failed, and ends.
finish() {
    if [ ${#left_out[@]} -gt 0 ]; then
        printf '*** NOT TESTED: %s\n' "${left_out[@]}"
    fi
    if [ ${#failures[@]} -gt 0 ]; then
        printf 'FAILED: %s\n' "${failures[@]}"
        exit 1
    fi
    exit 0
}
