-- What the scripts of queues share. It stands before each of them.
--
-- KEYS     in-flight (a hash: token -> what is known of a message in hand or delayed), leases (a sorted set: tokens of those in hand by
--          when their leases end), deliveries (a hash: digest of a message -> how often it was handed out in vain), dead (a list),
--          reasons (a hash: digest of a message -> why it is dead), delayed (a sorted set: tokens by when they are due), strays (a sorted
--          set, all of score 0: queue, a zero byte, token), the worker's own set of tokens, and the queues, the first first
-- ARGV[1]  what the keys of queues begin with
--
-- A token is the number of a delivery, of 16 digits, and its worker: so tokens of the same time are in their order. What is known of a
-- message is packed: its queue, how often it was handed out, and the message. The queue is named: a program that does not serve it
-- leaves the message among the strays, for one that does.

local IN_FLIGHT, LEASES, DELIVERIES, DEAD, REASONS, DELAYED, STRAYS, OWN =
    KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local QUEUES = 8
local prefix = ARGV[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function whole(number)
    return string.format('%.0f', number)
end

local function newToken(worker)
    return string.format('%016.0f', redis.call('HINCRBY', IN_FLIGHT, 'last', 1)) .. ':' .. worker
end

local served = {}
for i = QUEUES + 1, #KEYS do
    served[KEYS[i]] = true
end

local function isServed(queue)
    return served[prefix .. queue]
end

local function delay(token, queue, deliveries, message, millis)
    redis.call('HSET', IN_FLIGHT, token, cmsgpack.pack({queue, deliveries, message}))
    redis.call('ZADD', DELAYED, whole(now + millis), token)
end

-- Leaves a message to a program that serves its queue.
local function leave(token, queue, deliveries, message)
    redis.call('HSET', IN_FLIGHT, token, cmsgpack.pack({queue, deliveries, message}))
    redis.call('ZADD', STRAYS, 0, queue .. '\0' .. token)
end

-- Puts a message to the front of its queue.
local function putBack(token, queue, deliveries, message)
    if not isServed(queue) then
        leave(token, queue, deliveries, message)
        return
    end
    if deliveries > 0 then
        redis.call('HSET', DELIVERIES, redis.sha1hex(message), deliveries)
    end
    redis.call('RPUSH', prefix .. queue, message)
end

-- Puts a message among the dead, of whom the oldest make room.
local function bury(queue, deliveries, message, why, mostDead)
    local digest = redis.sha1hex(message)
    redis.call('HDEL', DELIVERIES, digest)
    if mostDead == 0 then
        return
    end
    redis.call('LPUSH', DEAD, message)
    redis.call('HSET', REASONS, digest, cmsgpack.pack({why, now, deliveries, queue}))
    for _ = mostDead + 1, math.min(redis.call('LLEN', DEAD), mostDead + 100) do
        redis.call('HDEL', REASONS, redis.sha1hex(redis.call('RPOP', DEAD)))
    end
end

-- What was packed, or nil where the bytes cannot be read.
local function unpacked(bytes)
    local isRead, value = pcall(cmsgpack.unpack, bytes)
    return isRead and type(value) == 'table' and value or nil
end

-- Takes what is known of a message out of the worker's hands: its queue, how often it was handed out, and the message; nothing if it is
-- not there. What cannot be read is put among the dead as it is, so that it is in no other message's way.
local function release(token, mostDead)
    local held = redis.call('HGET', IN_FLIGHT, token)
    redis.call('HDEL', IN_FLIGHT, token)
    redis.call('ZREM', LEASES, token)
    redis.call('SREM', OWN, token)
    if not held then
        return nil
    end
    local known = unpacked(held) or {}
    if type(known[1]) == 'string' and type(known[2]) == 'number' and type(known[3]) == 'string' then
        return known[1], known[2], known[3]
    end
    bury('', 0, held, 'what was known of it cannot be read', mostDead)
end
