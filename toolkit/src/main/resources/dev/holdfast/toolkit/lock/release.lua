-- Gives a lock back, and tells those who wait.
--
-- KEYS     owner, holders, waiting
-- ARGV     "alone" or "shared", the holder's token, the channel on which to tell, for how many milliseconds it stays taken
-- answers  1, or 0 where the lock was not the holder's any more

local token, kept = ARGV[2], tonumber(ARGV[4])
if ARGV[1] == 'alone' then
    if redis.call('GET', KEYS[1]) ~= token then
        return 0
    end
    if kept > 0 then
        return redis.call('PEXPIRE', KEYS[1], kept)
    end
    redis.call('DEL', KEYS[1])
elseif kept > 0 then
    if not redis.call('ZSCORE', KEYS[2], token) then
        return 0
    end
    local clock = redis.call('TIME')
    redis.call('ZADD', KEYS[2], string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000) + kept), token)
    return 1
elseif redis.call('ZREM', KEYS[2], token) == 0 then
    return 0
end
if redis.call('EXISTS', KEYS[3]) == 1 then
    redis.call('PUBLISH', ARGV[3], '')
end
return 1
