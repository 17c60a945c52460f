-- Notes when a session of a principal expires, and forgets those that have.
--
-- KEYS[1] the ids of the principal's sessions by when they expire; ARGV[1] the time in milliseconds since 1970, ARGV[2] when this one
-- expires, ARGV[3] its id
-- answers how many there are

redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
if last[2] then
    redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', tonumber(last[2])))
end
return redis.call('ZCARD', KEYS[1])
