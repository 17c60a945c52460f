-- Where a reader of a topic goes on. One that is new begins with the oldest message, or behind the newest.
--
-- KEYS     stream, cursors
-- ARGV     the reader's name, "OLDEST" or "NEW"
-- answers  the id behind which it reads, and how many messages had been added up to it

local cursor = redis.call('HGET', KEYS[2], ARGV[1])
if cursor then
    return cursor
end
local last, added, length = '0-0', 0, 0
if redis.call('EXISTS', KEYS[1]) == 1 then
    local fields = redis.call('XINFO', 'STREAM', KEYS[1])
    for i = 1, #fields, 2 do
        if fields[i] == 'last-generated-id' then
            last = fields[i + 1]
        elseif fields[i] == 'entries-added' then
            added = fields[i + 1]
        elseif fields[i] == 'length' then
            length = fields[i + 1]
        end
    end
end
if ARGV[2] == 'OLDEST' then
    cursor = '0-0 ' .. string.format('%.0f', added - length)
else
    cursor = last .. ' ' .. string.format('%.0f', added)
end
redis.call('HSET', KEYS[2], ARGV[1], cursor)
return cursor
