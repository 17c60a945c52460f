-- Moves an entry that is not tried any more to the stream of the dead.
--
-- KEYS     stream, dead
-- ARGV     group, id, failure, deliveries, how many dead entries to keep
-- answers  1, or 0 if the entry is no longer pending

if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then
    return 0
end
local found = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])
local words = {'XADD', KEYS[2], 'MAXLEN', '~', ARGV[5], '*', 'stream-id', ARGV[2], 'group', ARGV[1], 'failure', ARGV[3],
    'deliveries', ARGV[4]}
if found[1] then
    for _, word in ipairs(found[1][2]) do
        words[#words + 1] = word
    end
end
redis.call(unpack(words))
return 1
