-- Writes what the script has changed.

local states = {}
for id in pairs(changed) do
    states[#states + 1] = id
    states[#states + 1] = cmsgpack.pack(jobs[id])
end
callAll('HSET', key('state'), states)
callAll('HSET', key('payload'), payloads)
callAll('HDEL', key('failures'), forgotten)
local gone = {}
for _, id in ipairs(forgotten) do
    -- Another of the same id may have come in its place.
    if not jobs[id] then
        gone[#gone + 1] = id
    end
end
callAll('HDEL', key('state'), gone)
callAll('HDEL', key('payload'), gone)
callAll('HDEL', key('progress'), over)
if next(counts) then
    local minute = math.floor(now / 60000)
    local minutes = key('minutes:' .. whole(math.floor(minute / 60)))
    for what, by in pairs(counts) do
        redis.call('HINCRBY', key('count'), what, by)
        redis.call('HINCRBY', minutes, whole(minute) .. ':' .. what, by)
    end
    redis.call('PEXPIRE', minutes, 25 * 3600000)
end
for _, id in ipairs(told) do
    redis.call('PUBLISH', key('events'), 'ended:' .. id)
end
