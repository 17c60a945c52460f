-- Takes a lock, for one holder or to share.
--
-- KEYS     owner (a string: who has the lock alone), holders (a sorted set: who shares it, by when each lease ends),
--          fence (the last fencing token), waiting (who has asked in vain of late)
-- ARGV     "alone" or "shared", how many may share (-1: any number), the holder's token, the lease in milliseconds,
--          how many milliseconds to be remembered as one who waits (0: not at all)
-- answers  1 and the fencing token; or 0 and the milliseconds after which asking again may help
--
-- Asking again with the same token is answered as the first time, so a request whose answer was lost may be repeated.

local alone = ARGV[1] == 'alone'
local places, token = tonumber(ARGV[2]), ARGV[3]
local lease, remembered = tonumber(ARGV[4]), tonumber(ARGV[5])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function whole(number)
    return string.format('%.0f', number)
end

-- A number larger than any before. It follows the clock, so that it goes on growing where the key was lost.
local function nextFence()
    local fence = math.max(tonumber(redis.call('GET', KEYS[3]) or 0) + 1, now)
    redis.call('SET', KEYS[3], whole(fence), 'PX', 86400000 + lease)
    return fence
end

local function wait(millis)
    if remembered > 0 then
        if alone then
            redis.call('SET', KEYS[4], token, 'PX', remembered)
        else
            redis.call('SET', KEYS[4], '', 'PX', remembered, 'NX')
        end
    end
    return {0, math.max(1, millis)}
end

local owner = redis.call('GET', KEYS[1])
if owner == token then
    redis.call('PEXPIRE', KEYS[1], lease)
    return {1, tonumber(redis.call('GET', KEYS[3]) or nextFence())}
end
if owner then
    return wait(redis.call('PTTL', KEYS[1]))
end

if alone then
    if redis.call('EXISTS', KEYS[2]) == 1 then
        redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', whole(now))
        local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
        if last[1] then
            return wait(last[2] - now)
        end
    end
    redis.call('SET', KEYS[1], token, 'PX', lease)
    if remembered > 0 and redis.call('GET', KEYS[4]) == token then
        redis.call('DEL', KEYS[4])
    end
    return {1, nextFence()}
end

redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', whole(now))
if not redis.call('ZSCORE', KEYS[2], token) then
    if places >= 0 and redis.call('ZCARD', KEYS[2]) >= places then
        local first = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
        return wait(first[2] and first[2] - now or lease)
    end
    -- Who wants it alone would wait for ever if others kept coming to share it.
    local waiting = redis.call('GET', KEYS[4])
    if waiting and waiting ~= '' then
        return {0, math.max(1, redis.call('PTTL', KEYS[4]))}
    end
end
redis.call('ZADD', KEYS[2], whole(now + lease), token)
if redis.call('PTTL', KEYS[2]) < lease then
    redis.call('PEXPIRE', KEYS[2], lease)
end
return {1, nextFence()}
