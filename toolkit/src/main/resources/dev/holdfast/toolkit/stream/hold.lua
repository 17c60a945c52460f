-- Keeps entries that a consumer has, or takes them in hand once more.
--
-- KEYS     stream
-- ARGV     group, consumer, "keep" or "again", ids
-- answers  for "keep" the ids that are still this consumer's; for "again" each of those with its fields and how often it has been
--          handed out, this time among them

local group, consumer, again = ARGV[1], ARGV[2], ARGV[3] == 'again'
local answers = {}
for i = 4, #ARGV do
    local id = ARGV[i]
    if redis.call('XPENDING', KEYS[1], group, id, id, 1, consumer)[1] then
        if again then
            local entry = redis.call('XCLAIM', KEYS[1], group, consumer, 0, id)[1]
            if entry then
                local state = redis.call('XPENDING', KEYS[1], group, id, id, 1, consumer)[1]
                answers[#answers + 1] = {id, entry[2], state[4]}
            end
        else
            redis.call('XCLAIM', KEYS[1], group, consumer, 0, id, 'JUSTID')
            answers[#answers + 1] = id
        end
    end
end
return answers
