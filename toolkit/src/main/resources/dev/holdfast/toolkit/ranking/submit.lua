-- Gives members of a board new scores.
--
-- KEYS     board (a sorted set), order (a hash: the prefix of each member, where ties go by time), count (the number of the
--          last change of a score), scores (a sorted set of the scores that occur), times (a hash: how often each occurs)
-- ARGV     "set", "max", "min" or "add"; "high" or "low" for what comes first; whether ties go by time ("time" or "name");
--          whether scores are counted for dense ranks ("dense" or ""); the milliseconds to live (0: for ever);
--          then member and score in turn
-- answers  the scores that the members now have, as text
--
-- Where ties go by time a member is stored behind a prefix of 14 hexadecimal digits, the number of the change that gave it its
-- score, so that among equals the order of the names is the order of the changes.

local mode, first, byTime, dense = ARGV[1], ARGV[2], ARGV[3] == 'time', ARGV[4] == 'dense'
local LAST = 2 ^ 52

local function prefix()
    local number = redis.call('INCR', KEYS[3])
    -- Read from the top, names descend where high scores come first.
    if first == 'high' then
        number = LAST - number
    end
    return string.format('%06x%08x', math.floor(number / 4294967296), number % 4294967296)
end

local function count(score, by)
    if redis.call('HINCRBY', KEYS[5], score, by) == 0 then
        redis.call('HDEL', KEYS[5], score)
        redis.call('ZREM', KEYS[4], score)
    else
        redis.call('ZADD', KEYS[4], score, score)
    end
end

local answers = {}
for i = 6, #ARGV, 2 do
    local member, given = ARGV[i], ARGV[i + 1]
    local stored, old = member, nil
    if byTime then
        local known = redis.call('HGET', KEYS[2], member)
        if known then
            stored = known .. member
            old = redis.call('ZSCORE', KEYS[1], stored)
        end
    else
        old = redis.call('ZSCORE', KEYS[1], member)
    end

    local changes = not old
    if old then
        if mode == 'set' then
            changes = tonumber(given) ~= tonumber(old)
        elseif mode == 'max' then
            changes = tonumber(given) > tonumber(old)
        elseif mode == 'min' then
            changes = tonumber(given) < tonumber(old)
        else
            changes = tonumber(given) ~= 0
        end
    end
    local score = old
    if changes then
        if byTime then
            if old then
                redis.call('ZREM', KEYS[1], stored)
            end
            local before = prefix()
            redis.call('HSET', KEYS[2], member, before)
            stored = before .. member
            if mode == 'add' and old then
                redis.call('ZADD', KEYS[1], old, stored)
            end
        end
        if mode == 'add' then
            score = redis.call('ZINCRBY', KEYS[1], given, stored)
        else
            redis.call('ZADD', KEYS[1], given, stored)
            score = redis.call('ZSCORE', KEYS[1], stored)
        end
        if dense then
            if old then
                count(old, -1)
            end
            count(score, 1)
        end
    end
    answers[#answers + 1] = score
end

local life = tonumber(ARGV[5])
if life > 0 then
    for _, key in ipairs(KEYS) do
        if redis.call('PTTL', key) == -1 then
            redis.call('PEXPIRE', key, life)
        end
    end
end
return answers
