-- Looks at the dead, and moves them.
--
-- ARGV     prefix, and
--          "list", from which on and how many: answers for each, the latest first, the message, why it is dead, since when, how often it
--              was handed out, and its queue; nothing for what is not known
--          "retry", a message and the queue that it goes to if its own is not served here, or "drop" and a message: answers 1, or 0 if it is not
--              there
--          "retry all", the queue that they go to, and how many: answers how many there were
--          "purge": answers how many there were

local verb = ARGV[2]

local function reason(message)
    local packed = redis.call('HGET', REASONS, redis.sha1hex(message))
    return packed and unpacked(packed) or {false, false, false, false}
end

local function take(message)
    redis.call('HDEL', REASONS, redis.sha1hex(message))
    redis.call('HDEL', DELIVERIES, redis.sha1hex(message))
end

if verb == 'list' then
    local answers = {}
    for _, message in ipairs(redis.call('LRANGE', DEAD, ARGV[3], ARGV[3] + ARGV[4] - 1)) do
        local known = reason(message)
        local since = tonumber(known[2])
        answers[#answers + 1] = {message, known[1] or false, since and whole(since) or false, known[3] or false, known[4] or false}
    end
    return answers
end
if verb == 'retry' or verb == 'drop' then
    if redis.call('LREM', DEAD, -1, ARGV[3]) == 0 then
        return 0
    end
    local queue = reason(ARGV[3])[4]
    queue = queue and isServed(queue) and queue or ARGV[4]
    take(ARGV[3])
    if verb == 'retry' then
        redis.call('LPUSH', prefix .. queue, ARGV[3])
    end
    return 1
end
if verb == 'retry all' then
    for i = 1, tonumber(ARGV[4]) do
        local message = redis.call('RPOP', DEAD)
        if not message then
            return i - 1
        end
        take(message)
        redis.call('LPUSH', prefix .. ARGV[3], message)
    end
    return tonumber(ARGV[4])
end
local dead = redis.call('LLEN', DEAD)
redis.call('DEL', DEAD, REASONS)
return dead
