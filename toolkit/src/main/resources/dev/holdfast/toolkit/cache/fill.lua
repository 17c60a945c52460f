-- Writes what was loaded, if the lease under which it was loaded still stands: invalidating or overwriting an entry
-- ends its lease.
-- KEYS[1] the entry; ARGV[1] the lease's token, ARGV[2] the new entry, ARGV[3] for how many milliseconds it is kept
if redis.call('GETRANGE', KEYS[1], 18, 25) == ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    return 1
end
return 0
