-- Moves messages from the first queues that have some into the hands of a worker. Before that, returns those whose leases are over.
--
-- KEYS     in-flight (a hash: token -> the queue's number, deliveries and message), leases (a sorted set: token by the lease's end),
--          deliveries (a hash: digest of a message -> how often it was handed out in vain), dead, the worker's own set of tokens, and
--          the queues, the first first
-- ARGV     the worker, lease in milliseconds, how many at most, how often a message is handed out, how many dead to keep
-- answers  milliseconds until the next lease ends (-1: there is none), then for each message its token, the queue's number from 1, how
--          often it has been handed out, and the message

local worker, lease, wanted = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local most, mostDead = tonumber(ARGV[4]), tonumber(ARGV[5])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local QUEUES = 5

local function whole(number)
    return string.format('%.0f', number)
end

for _, token in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', whole(now), 'LIMIT', 0, 100)) do
    redis.call('ZREM', KEYS[2], token)
    local held = redis.call('HGET', KEYS[1], token)
    redis.call('HDEL', KEYS[1], token)
    if held then
        local number, deliveries, message = string.match(held, '^(%d+):(%d+):(.*)$')
        if tonumber(deliveries) >= most then
            redis.call('HDEL', KEYS[3], redis.sha1hex(message))
            redis.call('LPUSH', KEYS[4], message)
            redis.call('LTRIM', KEYS[4], 0, mostDead - 1)
        else
            redis.call('HSET', KEYS[3], redis.sha1hex(message), deliveries)
            redis.call('RPUSH', KEYS[QUEUES + number], message)
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
        local deliveries = (tonumber(redis.call('HGET', KEYS[3], redis.sha1hex(message))) or 0) + 1
        local token = worker .. ':' .. redis.call('HINCRBY', KEYS[1], 'last', 1)
        redis.call('HSET', KEYS[1], token, number .. ':' .. deliveries .. ':' .. message)
        redis.call('ZADD', KEYS[2], whole(now + lease), token)
        redis.call('SADD', KEYS[5], token)
        redis.call('PEXPIRE', KEYS[5], lease * 2)
        wanted = wanted - 1
        for _, word in ipairs({token, number, deliveries, message}) do
            answers[#answers + 1] = word
        end
    end
end
local first = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
if first[2] then
    answers[1] = math.max(1, first[2] - now)
end
return answers
