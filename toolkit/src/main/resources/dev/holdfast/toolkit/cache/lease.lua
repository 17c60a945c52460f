-- Takes the lease of an entry that has gone stale, unless it was taken since the entry was read.
-- KEYS[1] the entry; ARGV[1] its lease as read, ARGV[2] the new one: token and end, sixteen bytes at offset 18
if redis.call('GETRANGE', KEYS[1], 18, 33) == ARGV[1] then
    redis.call('SETRANGE', KEYS[1], 18, ARGV[2])
    return 1
end
return 0
