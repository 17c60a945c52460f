-- Takes one of a limited number of seats, each of which falls free when it is not renewed.
--
-- KEYS     sorted set of seats, by when they fall free
-- ARGV     now, when this one falls free (both in milliseconds), its name, how many there are
-- answers  1, or 0 if all are taken

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then
    return 0
end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
if redis.call('PEXPIRETIME', KEYS[1]) < tonumber(ARGV[2]) then
    redis.call('PEXPIREAT', KEYS[1], ARGV[2])
end
return 1
