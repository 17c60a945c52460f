-- Adds messages that come to their queue later.
--
-- ARGV     prefix, the worker, the queue, milliseconds, messages
-- answers  how many

for i = 5, #ARGV do
    local token = newToken(ARGV[2])
    redis.call('HSET', IN_FLIGHT, token, cmsgpack.pack({ARGV[3], 0, ARGV[i]}))
    redis.call('ZADD', DELAYED, whole(now + ARGV[4]), token)
end
return #ARGV - 4
