-- Adds what was read of a file to what is staged of it, if nothing has been added since.
-- KEYS: the state of the import, its staged names. ARGV: the position before, the position now, how long both are kept (ms), and for
-- each product the number of its names and the product. Returns the position.
local at = redis.call('HGET', KEYS[1], 'position') or '0'
if at ~= ARGV[1] then
    return tonumber(at)
end
for i = 4, #ARGV, 2 do
    redis.call('ZINCRBY', KEYS[2], ARGV[i], ARGV[i + 1])
end
redis.call('HSET', KEYS[1], 'position', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return tonumber(ARGV[2])
