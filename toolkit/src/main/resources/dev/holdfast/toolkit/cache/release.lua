-- Gives a lease back after a load that failed. A stale entry stays, and may be made to count as fresh for a while, so that
-- no process tries again at once.
-- KEYS[1] the entry; ARGV[1] the lease's token, ARGV[2] sixteen bytes of zero, ARGV[3] until when it counts as fresh, or ''
if redis.call('GETRANGE', KEYS[1], 18, 25) ~= ARGV[1] then
    return 0
end
if redis.call('GETRANGE', KEYS[1], 1, 1) == 'L' then
    return redis.call('UNLINK', KEYS[1])
end
redis.call('SETRANGE', KEYS[1], 18, ARGV[2])
redis.call('SETRANGE', KEYS[1], 10, ARGV[3])
return 1
