#!/usr/bin/env bash
# Uses a store through valkey-cli, as at a terminal and in scripts. Called as the other clients are: main.sh URI.
set -uo pipefail
command -v valkey-cli >/dev/null || { echo 'left out: it is not on the PATH'; exit; }
port=${1##*:}
password=${1#redis://:}
export REDISCLI_AUTH=${password%%@*}
echo "version $(valkey-cli --version | cut -d' ' -f2)"

cli() { valkey-cli -p "$port" "$@"; }

# expect NAME PATTERN COMMAND...: what the command prints matches the extended regular expression.
expect() {
    local name=$1 pattern=$2 output
    shift 2
    output=$("$@" 2>&1)
    if grep -qE -- "$pattern" <<<"$output"; then
        echo "$name passed"
    else
        echo "$name failed: nothing like $pattern in: $(head -c 200 <<<"$output" | tr '\n' ' ')"
    fi
}

typed_in() { printf '%s\n' "$@" | cli; }
mass_insert() {
    for i in $(seq 1000); do printf '*3\r\n$3\r\nSET\r\n$%d\r\npipe:%d\r\n$1\r\nx\r\n' $((${#i} + 5)) "$i"; done | cli --pipe
}

expect 'without a password' 'NOAUTH' env -u REDISCLI_AUTH valkey-cli -p "$port" ping
expect ping '^PONG$' cli ping
cli flushall >/dev/null
expect 'mass insertion' 'errors: 0, replies: 1000' mass_insert
cli rpush list a b c >/dev/null
cli hset hash name Zürich people 434335 >/dev/null
cli zadd zset 1.5 m 2 n >/dev/null
cli sadd set a b >/dev/null
expect 'typed in' '^434335$' typed_in 'HGET hash people'
expect 'quoted' '^with "quotes"$' typed_in "SET q 'with \"quotes\"'" 'GET q'
expect 'from standard input' '^value$' bash -c "printf value | valkey-cli -p $port -x SET x; valkey-cli -p $port GET x"
expect 'RESP3 hash' '^1# "name" => "Z' cli -3 --no-raw hgetall hash
expect 'RESP3 double' '^\(double\) 1.5$' cli -3 --no-raw zscore zset m
expect 'RESP3 hello' '"proto" => \(integer\) 3' cli -3 --no-raw hello
expect json '\{"name":"Zürich","people":"434335"\}' cli -3 --json hgetall hash
expect csv '"a","b","c"' cli --csv lrange list 0 -1
expect 'another database' '\(nil\)' cli -n 4 --no-raw get x
expect scan '^1000$' bash -c "valkey-cli -p $port --scan --pattern 'pipe:*' | sort -u | wc -l"
expect 'big keys' 'Biggest +list found .*has 3 items' cli --bigkeys
expect 'big keys, strings' '1002 strings with' bash -c "valkey-cli -p $port set q x >/dev/null; valkey-cli -p $port --bigkeys"
expect 'keys by memory' 'Biggest +hash found .*bytes' cli --memkeys
expect stat '^100[4-9] ' bash -c "timeout 2 stdbuf -oL valkey-cli -p $port --stat -i 0.1 | head -4"
expect repeated '^5$' bash -c "valkey-cli -p $port -r 5 incr counter | tail -1"
expect latency 'min: [0-9]+' bash -c "timeout 3 valkey-cli -p $port --latency -i 1 --raw | head -c 100 | sed 's/^/min: /'"
expect 'info' 'redis_version:7\.2\.4' cli info server
expect 'docs' '"?summary"?' cli command docs get
