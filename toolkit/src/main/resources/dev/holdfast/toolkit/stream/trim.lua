-- Drops old entries of a stream, but none that some group has not acknowledged.
--
-- KEYS     stream
-- ARGV     how many entries to keep; id before which all may go ("" for no such); a group that needs all as long as it is not there
-- answers  how many were dropped, and how many more than wanted are left because somebody has not acknowledged them

local function less(one, other)
    local a, b = string.match(one, '^(%d+)-?(%d*)$')
    local c, d = string.match(other, '^(%d+)-?(%d*)$')
    a, b, c, d = tonumber(a), tonumber(b) or 0, tonumber(c), tonumber(d) or 0
    return a < c or a == c and b < d
end

if redis.call('EXISTS', KEYS[1]) == 0 then
    return {0, 0}
end
local keep, length = tonumber(ARGV[1]), redis.call('XLEN', KEYS[1])
-- The first entry that a group needs: nil where none needs any.
local needed, known
for _, fields in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local group = {}
    for i = 1, #fields, 2 do
        group[fields[i]] = fields[i + 1]
    end
    known = known or group['name'] == ARGV[3]
    local first
    local pending = redis.call('XPENDING', KEYS[1], group['name'])
    if pending[1] > 0 then
        first = pending[2]
    else
        local rest = redis.call('XRANGE', KEYS[1], '(' .. group['last-delivered-id'], '+', 'COUNT', 1)
        first = rest[1] and rest[1][1]
    end
    if first and (not needed or less(first, needed)) then
        needed = first
    end
end
if not known then
    return {0, math.max(0, length - keep)}
end

local dropped = 0
local function dropBefore(id)
    if needed and less(needed, id) then
        id = needed
    end
    dropped = dropped + redis.call('XTRIM', KEYS[1], 'MINID', id)
end

if ARGV[2] ~= '' then
    dropBefore(ARGV[2])
end
-- Whole blocks of a stream are dropped in no time; so much at once is more than is ever added between two trims.
local surplus = redis.call('XLEN', KEYS[1]) - keep
if surplus > 0 then
    if not needed then
        dropped = dropped + redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', keep)
    else
        local older = redis.call('XRANGE', KEYS[1], '-', '(' .. needed, 'COUNT', math.min(surplus, 10000))
        if #older > 0 then
            local last = older[#older][1]
            local number = string.match(last, '-(%d+)$')
            dropBefore(string.match(last, '^%d+') .. '-' .. string.format('%.0f', tonumber(number) + 1))
        end
    end
end
return {dropped, math.max(0, redis.call('XLEN', KEYS[1]) - keep)}
