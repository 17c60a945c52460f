-- Says when messages that a consumer has fall due: after so much idle time as the group allows.
--
-- KEYS     stream
-- ARGV     group, consumer, milliseconds for which they have been idle from now on, ids
-- answers  how many of them are the consumer's

local changed = 0
for i = 4, #ARGV do
    local id = ARGV[i]
    if redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[2])[1] then
        changed = changed
            + #redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'IDLE', ARGV[3], 'JUSTID')
    end
end
return changed
