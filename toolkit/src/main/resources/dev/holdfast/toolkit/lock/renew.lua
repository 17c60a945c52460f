-- Lengthens a lease that has not ended.
--
-- KEYS     owner, holders
-- ARGV     "alone" or "shared", the holder's token, the lease in milliseconds from now on
-- answers  1, or 0 where the lock is not the holder's any more

local token, lease = ARGV[2], tonumber(ARGV[3])
if ARGV[1] == 'alone' then
    if redis.call('GET', KEYS[1]) ~= token then
        return 0
    end
    return redis.call('PEXPIRE', KEYS[1], lease)
end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local ends = redis.call('ZSCORE', KEYS[2], token)
if not ends or tonumber(ends) <= now then
    return 0
end
redis.call('ZADD', KEYS[2], 'GT', string.format('%.0f', now + lease), token)
if redis.call('PTTL', KEYS[2]) < lease then
    redis.call('PEXPIRE', KEYS[2], lease)
end
return 1
