-- Says what became of a message, if it is still in this worker's hands.
--
-- KEYS     as for take
-- ARGV     token, "done", "again" or "dead" or "keep", lease in milliseconds, how often a message is handed out, how many dead to keep
-- answers  "done", "again", "dead" or "keep"; nothing if the lease was over

local token, verb = ARGV[1], ARGV[2]
local held = redis.call('HGET', KEYS[1], token)
if not held then
    return false
end
if verb == 'keep' then
    local clock = redis.call('TIME')
    local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
    redis.call('ZADD', KEYS[2], 'XX', string.format('%.0f', now + ARGV[3]), token)
    redis.call('PEXPIRE', KEYS[5], ARGV[3] * 2)
    return verb
end
redis.call('HDEL', KEYS[1], token)
redis.call('ZREM', KEYS[2], token)
redis.call('SREM', KEYS[5], token)
local number, deliveries, message = string.match(held, '^(%d+):(%d+):(.*)$')
if verb == 'again' and tonumber(deliveries) >= tonumber(ARGV[4]) then
    verb = 'dead'
end
if verb == 'again' then
    redis.call('HSET', KEYS[3], redis.sha1hex(message), deliveries)
    redis.call('RPUSH', KEYS[5 + number], message)
    return verb
end
redis.call('HDEL', KEYS[3], redis.sha1hex(message))
if verb == 'dead' then
    redis.call('LPUSH', KEYS[4], message)
    redis.call('LTRIM', KEYS[4], 0, ARGV[5] - 1)
end
return verb
