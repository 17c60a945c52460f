-- Reads a session and lets its time begin anew.
-- KEYS[1] the session; ARGV[1] the time in milliseconds since 1970, ARGV[2] for how many milliseconds it then lives
local fields = redis.call('HGETALL', KEYS[1])
if #fields > 0 then
    redis.call('HSET', KEYS[1], '@accessed', ARGV[1])
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return fields
