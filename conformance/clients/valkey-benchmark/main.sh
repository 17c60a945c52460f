#!/usr/bin/env bash
# Every default test of valkey-benchmark, but for EVAL and streams; an error reply makes it stop with a message. Called as the other
# clients are: main.sh URI.
set -uo pipefail
command -v valkey-benchmark >/dev/null || { echo 'left out: it is not on the PATH'; exit; }
port=${1##*:}
password=${1#redis://:}
password=${password%%@*}
echo "version $(valkey-benchmark --version | cut -d' ' -f2)"

tests='ping_inline ping_mbulk set get incr lpush rpush lpop rpop sadd hset spop zadd zpopmin lrange_100 lrange_300 lrange_500 lrange_600 mset'
for protocol in 2 3; do
    for test in $tests; do
        output=$(valkey-benchmark -p "$port" -a "$password" $([ "$protocol" = 2 ] || echo -3) -q -n 1000 -P 4 -r 1000 -t "$test" 2>&1 | tr '\r' '\n')
        if grep -q 'requests per second' <<<"$output" && ! grep -qi 'error' <<<"$output"; then
            echo "$test resp$protocol passed"
        else
            echo "$test resp$protocol failed: $(tail -n 3 <<<"$output" | tr '\n' ' ')"
        fi
    done
done
