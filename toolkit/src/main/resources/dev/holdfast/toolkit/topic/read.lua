-- Reads messages behind a cursor, and finds out whether any were dropped before they could be read.
--
-- KEYS     stream
-- ARGV     the cursor's id, how many messages had been added up to it (-1 if that is not known), how many to read at most
-- answers  1 if some were dropped or may have been, else 0; the cursor's id; how many had been added before the first of those that
--          are read (-1 if that is not known); then the messages
--
-- A stream counts what is ever added to it, and messages are dropped from its front. So the number of the first message there is
-- is known, and it is the next to be read unless some were dropped. A stream whose last id is smaller than the cursor, or whose
-- count is, has taken the place of another.

local id, position = ARGV[1], tonumber(ARGV[2])
local added, length, first, last = 0, 0, nil, '0-0'
if redis.call('EXISTS', KEYS[1]) == 1 then
    local fields = redis.call('XINFO', 'STREAM', KEYS[1])
    for i = 1, #fields, 2 do
        if fields[i] == 'entries-added' then
            added = fields[i + 1]
        elseif fields[i] == 'length' then
            length = fields[i + 1]
        elseif fields[i] == 'last-generated-id' then
            last = fields[i + 1]
        elseif fields[i] == 'first-entry' then
            first = fields[i + 1] and fields[i + 1][1]
        end
    end
end

local function less(one, other)
    local a, b = string.match(one, '^(%d+)-(%d+)$')
    local c, d = string.match(other, '^(%d+)-(%d+)$')
    a, b, c, d = tonumber(a), tonumber(b), tonumber(c), tonumber(d)
    return a < c or a == c and b < d
end

local dropped = 0
if less(last, id) then
    id, position, dropped = '0-0', 0, 1
end
local entries = length == 0 and {} or redis.call('XRANGE', KEYS[1], '(' .. id, '+', 'COUNT', ARGV[3])
if #entries == 0 or entries[1][1] == first then
    local before = #entries == 0 and added or added - length
    if position == -1 and id ~= '0-0' and #entries > 0 or position ~= -1 and position ~= before then
        dropped = 1
    end
    position = before
end
table.insert(entries, 1, position)
table.insert(entries, 1, id)
table.insert(entries, 1, dropped)
return entries
