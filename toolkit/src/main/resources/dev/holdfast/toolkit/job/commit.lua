-- Writes what the script has changed.

local states = {}
for id in pairs(changed) do
    states[#states + 1] = id
    states[#states + 1] = cmsgpack.pack(jobs[id])
end
callAll('HSET', key('state'), states)
callAll('HSET', key('payload'), payloads)
callAll('HDEL', key('state'), forgotten)
callAll('HDEL', key('payload'), forgotten)
callAll('HDEL', key('progress'), over)
for what, by in pairs(counts) do
    redis.call('HINCRBY', key('count'), what, by)
end
