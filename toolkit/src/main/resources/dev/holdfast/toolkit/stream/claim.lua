-- Claims entries that have lain idle, and says how often each has been handed out.
--
-- KEYS     stream
-- ARGV     group, consumer, milliseconds of idleness, where to go on, how many at most
-- answers  where to go on next time, then for each entry its id, its fields, and how often it has been handed out

local found = redis.call('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], 'COUNT', ARGV[5])
local answers = {found[1]}
for _, entry in ipairs(found[2]) do
    if entry then
        local state = redis.call('XPENDING', KEYS[1], ARGV[1], entry[1], entry[1], 1)[1]
        answers[#answers + 1] = {entry[1], entry[2], state and state[4] or 1}
    end
end
return answers
