-- Moves messages from the first queues that have some into the hands of a worker. Before that, returns those whose leases are over,
-- those whose delay is, and those that others left.
--
-- ARGV     prefix, the worker, lease in milliseconds, how many at most, how often a message is handed out, how many dead to keep; then the
--          names of the queues
-- answers  milliseconds until the next lease or delay ends (-1: there is none), then for each message its token, its queue, how often it
--          has been handed out, and the message

local worker, lease, wanted, most, mostDead = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local NAMES = 6

-- The last one first, so that the first one is before all others in the end.
local function turned(tokens)
    local answer = {}
    for i = #tokens, 1, -1 do
        answer[#answer + 1] = tokens[i]
    end
    return answer
end

local function due(what)
    return turned(redis.call('ZRANGEBYSCORE', what, '-inf', whole(now), 'LIMIT', 0, 100))
end

for _, token in ipairs(due(LEASES)) do
    local queue, deliveries, message = release(token, mostDead)
    if queue and deliveries >= most then
        bury(queue, deliveries, message, 'its worker was lost', mostDead)
    elseif queue then
        putBack(token, queue, deliveries, message)
    end
end

-- Those that were handed out before go to the front of their queue, in their order; new ones to the end.
local function comeBack(tokens)
    local fresh = {}
    for _, token in ipairs(tokens) do
        local queue, deliveries, message = release(token, mostDead)
        if queue and (deliveries > 0 or not isServed(queue)) then
            putBack(token, queue, deliveries, message)
        elseif queue then
            table.insert(fresh, 1, {queue, message})
        end
    end
    for _, one in ipairs(fresh) do
        redis.call('LPUSH', prefix .. one[1], one[2])
    end
end

local delayed = due(DELAYED)
if #delayed > 0 then
    redis.call('ZREM', DELAYED, unpack(delayed))
    comeBack(delayed)
end
if redis.call('EXISTS', STRAYS) == 1 then
    for number = 1, #KEYS - QUEUES do
        local from, to = '[' .. ARGV[NAMES + number] .. '\0', '(' .. ARGV[NAMES + number] .. '\1'
        local left = turned(redis.call('ZRANGEBYLEX', STRAYS, from, to, 'LIMIT', 0, 100))
        if #left > 0 then
            redis.call('ZREM', STRAYS, unpack(left))
            for i, stray in ipairs(left) do
                left[i] = string.sub(stray, #from)
            end
            comeBack(left)
        end
    end
end

local answers = {-1}
for number = 1, #KEYS - QUEUES do
    while wanted > 0 do
        local message = redis.call('RPOP', KEYS[QUEUES + number])
        if not message then
            break
        end
        local queue = ARGV[NAMES + number]
        local deliveries = (tonumber(redis.call('HGET', DELIVERIES, redis.sha1hex(message))) or 0) + 1
        local token = newToken(worker)
        redis.call('HSET', IN_FLIGHT, token, cmsgpack.pack({queue, deliveries, message}))
        redis.call('ZADD', LEASES, whole(now + lease), token)
        redis.call('SADD', OWN, token)
        redis.call('PEXPIRE', OWN, lease * 2)
        wanted = wanted - 1
        for _, word in ipairs({token, queue, deliveries, message}) do
            answers[#answers + 1] = word
        end
    end
end
for _, what in ipairs({LEASES, DELAYED}) do
    local first = redis.call('ZRANGE', what, 0, 0, 'WITHSCORES')
    if first[2] then
        local wait = math.max(1, first[2] - now)
        answers[1] = answers[1] < 0 and wait or math.min(answers[1], wait)
    end
end
return answers
