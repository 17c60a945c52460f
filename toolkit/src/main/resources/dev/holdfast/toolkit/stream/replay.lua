-- Puts dead entries back to the end of the stream.
--
-- KEYS     stream, dead
-- ARGV     how many at most
-- answers  how many there were

local entries = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', ARGV[1])
for _, entry in ipairs(entries) do
    local words = {'XADD', KEYS[1], '*'}
    local fields = entry[2]
    local own = {['stream-id'] = true, group = true, failure = true, deliveries = true}
    for i = 1, #fields, 2 do
        -- The first four are those that were added when it died; the entry's own may have the same names.
        if i > 8 or not own[fields[i]] then
            words[#words + 1] = fields[i]
            words[#words + 1] = fields[i + 1]
        end
    end
    if #words > 3 then
        redis.call(unpack(words))
    end
    redis.call('XDEL', KEYS[2], entry[1])
end
return #entries
