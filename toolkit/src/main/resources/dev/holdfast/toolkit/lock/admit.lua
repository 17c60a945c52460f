-- Lets a fencing token pass unless a larger one has passed before.
--
-- KEYS     the largest token that has passed
-- ARGV     the token, and for how many milliseconds to remember it
-- answers  1 for pass, 0 for stop

if tonumber(redis.call('GET', KEYS[1]) or 0) > tonumber(ARGV[1]) then
    return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
