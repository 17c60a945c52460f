-- Reads a session and lets its time begin anew.
--
-- KEYS[1] the session; ARGV[1] the time in milliseconds since 1970, ARGV[2] for how many milliseconds it lives unless it says so itself
-- answers its fields, and none where there is no session

local fields = redis.call('HGETALL', KEYS[1])
if #fields == 0 then
    return fields
end
local lives, ends = tonumber(ARGV[2]), math.huge
for i = 1, #fields, 2 do
    if fields[i] == '@ttl' then
        lives = tonumber(fields[i + 1])
    elseif fields[i] == '@ends' then
        ends = tonumber(fields[i + 1])
    end
end
lives = math.min(lives, ends - ARGV[1])
if lives <= 0 then
    redis.call('DEL', KEYS[1])
    return {}
end
redis.call('HSET', KEYS[1], '@accessed', ARGV[1])
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', lives))
return fields
