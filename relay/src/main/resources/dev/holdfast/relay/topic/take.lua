-- Hands messages of a group to a consumer: first those whose time with another is over, then new ones.
--
-- KEYS     stream
-- ARGV     group, consumer, milliseconds for which a message is the consumer's, deliveries after which it is dead (0 for never),
--          how many at most, how many may be with all consumers together
-- answers  messages, then dead ones, each as {id, fields, deliveries}; the dead are the consumer's too, to be put away

local stream, group, consumer, visible = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local mostDeliveries, most, mostPending = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local taken, dead = {}, {}

for _, pending in ipairs(redis.call('XPENDING', stream, group, 'IDLE', visible, '-', '+', most)) do
    local id, deliveries = pending[1], pending[4]
    local isDead = mostDeliveries > 0 and deliveries >= mostDeliveries
    local claimed
    if isDead then
        claimed = redis.call('XCLAIM', stream, group, consumer, visible, id, 'RETRYCOUNT', deliveries)
    else
        claimed = redis.call('XCLAIM', stream, group, consumer, visible, id)
        deliveries = deliveries + 1
    end
    -- A message that has been removed is claimed by none, and pending no more.
    local entry = claimed[1]
    if entry then
        local list = isDead and dead or taken
        list[#list + 1] = {entry[1], entry[2], deliveries}
    end
end

local room = math.min(most - #taken, mostPending - redis.call('XPENDING', stream, group)[1])
if room > 0 then
    local read = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', room, 'STREAMS', stream, '>')
    for _, entry in ipairs(read and read[1] and read[1][2] or {}) do
        taken[#taken + 1] = {entry[1], entry[2], 1}
    end
end
return {taken, dead}
