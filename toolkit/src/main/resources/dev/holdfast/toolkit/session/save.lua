-- Writes what has changed in a session. One that has been revoked or has expired does not come back.
-- KEYS[1] the session; ARGV[1] '1' if it is new, ARGV[2] for how many milliseconds it lives,
-- ARGV[3] how many fields go, then their names, then fields and values in turn
if ARGV[1] ~= '1' and redis.call('EXISTS', KEYS[1]) == 0 then
    return 0
end
local removed = tonumber(ARGV[3])
for i = 4, 3 + removed do
    redis.call('HDEL', KEYS[1], ARGV[i])
end
for i = 4 + removed, #ARGV, 2 do
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
