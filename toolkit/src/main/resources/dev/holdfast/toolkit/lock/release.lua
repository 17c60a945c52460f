-- Gives a lock back, and tells those who wait.
--
-- KEYS     owner, holders, waiting
-- ARGV     "alone" or "shared", the holder's token, the channel on which to tell
-- answers  1, or 0 where the lock was not the holder's any more

local token = ARGV[2]
if ARGV[1] == 'alone' then
    if redis.call('GET', KEYS[1]) ~= token then
        return 0
    end
    redis.call('DEL', KEYS[1])
elseif redis.call('ZREM', KEYS[2], token) == 0 then
    return 0
end
if redis.call('EXISTS', KEYS[3]) == 1 then
    redis.call('PUBLISH', ARGV[3], '')
end
return 1
