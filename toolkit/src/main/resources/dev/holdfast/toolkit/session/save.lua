-- Writes what has changed in a session. One that has been revoked or has expired does not come back.
--
-- KEYS[1] the session; ARGV[1] '1' if it is new, ARGV[2] for how many milliseconds it lives unless it says so itself, ARGV[3] the time in
-- milliseconds since 1970, ARGV[4] how many fields go, then their names, then fields and values in turn
-- answers 1, or 0 where there is no session any more

if ARGV[1] ~= '1' and redis.call('EXISTS', KEYS[1]) == 0 then
    return 0
end
local removed = tonumber(ARGV[4])
for i = 5, 4 + removed do
    redis.call('HDEL', KEYS[1], ARGV[i])
end
for i = 5 + removed, #ARGV, 2 do
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
local lives = tonumber(redis.call('HGET', KEYS[1], '@ttl') or ARGV[2])
local ends = redis.call('HGET', KEYS[1], '@ends')
if ends then
    lives = math.min(lives, ends - ARGV[3])
end
if lives <= 0 then
    redis.call('DEL', KEYS[1])
    return 0
end
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', lives))
return 1
