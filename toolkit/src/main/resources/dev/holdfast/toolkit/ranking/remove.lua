-- Takes members off a board.
--
-- KEYS     as for submit
-- ARGV     "time" or "name"; "dense" or ""; then the members
-- answers  how many were on it

local byTime, dense = ARGV[1] == 'time', ARGV[2] == 'dense'
local removed = 0
for i = 3, #ARGV do
    local stored = ARGV[i]
    if byTime then
        stored = (redis.call('HGET', KEYS[2], stored) or '') .. stored
        redis.call('HDEL', KEYS[2], ARGV[i])
    end
    local score = redis.call('ZSCORE', KEYS[1], stored)
    if score then
        redis.call('ZREM', KEYS[1], stored)
        removed = removed + 1
        if dense and redis.call('HINCRBY', KEYS[5], score, -1) == 0 then
            redis.call('HDEL', KEYS[5], score)
            redis.call('ZREM', KEYS[4], score)
        end
    end
end
return removed
