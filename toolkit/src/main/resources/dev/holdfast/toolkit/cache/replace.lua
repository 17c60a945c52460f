-- Replaces a hash as a whole, if no one has changed it since its generation was read.
-- KEYS[1] the hash, KEYS[2] its generation; ARGV[1] the generation as read, or '' for whichever it is,
-- ARGV[2] for how many milliseconds the hash is kept, ARGV[3] the same for the generation, then fields and values in turn
local generation = redis.call('GET', KEYS[2]) or '0'
if ARGV[1] ~= '' and ARGV[1] ~= generation then
    return 0
end
if ARGV[1] == '' then
    redis.call('INCR', KEYS[2])
    redis.call('PEXPIRE', KEYS[2], ARGV[3])
end
redis.call('UNLINK', KEYS[1])
for i = 4, #ARGV, 2 do
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
if #ARGV >= 4 then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
