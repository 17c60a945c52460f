-- Adds a message to a topic, unless its publication has happened before, and drops what the topic need not keep any longer.
--
-- KEYS     stream; index of a compacted topic, hash of message keys to ids; count of all bytes ever added; idempotency key (may be missing)
-- ARGV     payload ("" to drop only), timestamp, metadata, expires_at, message key (the last three "" for none);
--          most messages; id before which messages are too old; most bytes (0 for any number);
--          "1" if compacted; "1" to keep what groups have not acknowledged; how many to drop at most;
--          seconds for which the publication is remembered; digest of the message; message_id ("" for none)
-- answers  id and timestamp, also of the first publication with this key; MISMATCH if that was of another message;
--          how many messages were dropped

local stream, index, counter, idempotency = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local payload, timestamp, metadata, expires, key = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local mostMessages, oldest, mostBytes = tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8])
local compacted, heldByGroups, mostDropped = ARGV[9] == '1', ARGV[10] == '1', tonumber(ARGV[11])
local remembered, digest, olderId = ARGV[12], ARGV[13], ARGV[14]

local function less(one, other)
    local a, b = string.match(one, '^(%d+)-?(%d*)$')
    local c, d = string.match(other, '^(%d+)-?(%d*)$')
    a, b, c, d = tonumber(a), tonumber(b) or 0, tonumber(c), tonumber(d) or 0
    return a < c or a == c and b < d
end

local function field(entry, name)
    local fields = entry[2]
    for i = 1, #fields, 2 do
        if fields[i] == name then
            return fields[i + 1]
        end
    end
end

-- The first message that some group has not acknowledged; nil if there is none.
local function needed()
    local least
    for _, listed in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
        local group = {}
        for i = 1, #listed, 2 do
            group[listed[i]] = listed[i + 1]
        end
        local pending = redis.call('XPENDING', stream, group['name'])
        local first = pending[1] > 0 and pending[2]
        if not first then
            local rest = redis.call('XRANGE', stream, '(' .. group['last-delivered-id'], '+', 'COUNT', 1)
            first = rest[1] and rest[1][1]
        end
        if first and (not least or less(first, least)) then
            least = first
        end
    end
    return least
end

local function drop()
    local length = redis.call('XLEN', stream)
    local surplus = length - mostMessages
    local bytes = mostBytes > 0 and tonumber(redis.call('GET', counter) or 0)
    local function isOver(place, entry)
        return place <= surplus
            or less(entry[1], oldest)
            or bytes and place < length and bytes - tonumber(field(entry, 'bytes_before') or 0) > mostBytes
    end
    local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    if not first or not isOver(1, first) then
        return 0
    end
    local needed = heldByGroups and needed()
    local ids = {}
    for place, entry in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', mostDropped)) do
        if not isOver(place, entry) or needed and not less(entry[1], needed) then
            break
        end
        ids[place] = entry[1]
        local its = compacted and field(entry, 'key')
        if its and redis.call('HGET', index, its) == entry[1] then
            redis.call('HDEL', index, its)
        end
    end
    return #ids > 0 and redis.call('XDEL', stream, unpack(ids)) or 0
end

if payload == '' then
    return {'', '', redis.call('EXISTS', stream) == 1 and drop() or 0}
end
local seen = idempotency and redis.call('GET', idempotency)
if seen then
    local itsDigest, id, itsTime = string.match(seen, '^(%S+) (%S+) (%S+)$')
    if itsDigest ~= digest then
        return {'MISMATCH', '', 0}
    end
    return {id, itsTime, 0}
end
local entry = {'payload', payload, 'timestamp', timestamp}
local function add(name, value)
    if value ~= '' then
        entry[#entry + 1] = name
        entry[#entry + 1] = value
    end
end
add('metadata', metadata)
add('expires_at', expires)
add('key', key)
add('message_id', olderId)
if mostBytes > 0 then
    local size = #payload + #metadata + #key + #timestamp
    add('bytes_before', string.format('%.0f', redis.call('INCRBY', counter, size) - size))
end
local id = redis.call('XADD', stream, '*', unpack(entry))
if compacted and key ~= '' then
    local before = redis.call('HGET', index, key)
    if before then
        redis.call('XDEL', stream, before)
    end
    redis.call('HSET', index, key, id)
end
if idempotency then
    redis.call('SET', idempotency, digest .. ' ' .. id .. ' ' .. timestamp, 'EX', remembered)
end
return {id, timestamp, drop()}
