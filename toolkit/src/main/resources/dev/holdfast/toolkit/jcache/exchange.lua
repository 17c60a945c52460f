-- Puts another value in the place of one that was read, if that still stands there.
-- KEYS[1] the entry; ARGV[1] what was read, or '' for nothing, ARGV[2] what is to stand there, or '' for nothing,
-- ARGV[3] for how many milliseconds, 0 for ever
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
    return 0
end
if ARGV[2] == '' then
    redis.call('UNLINK', KEYS[1])
elseif ARGV[3] == '0' then
    redis.call('SET', KEYS[1], ARGV[2])
else
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 1
