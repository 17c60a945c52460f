-- Says what became of a message, if it is still in this worker's hands.
--
-- ARGV     prefix, token, "done", "again", "dead", or "back" for one that was not worked on; how often a message is handed out, how many
--          dead to keep, milliseconds before it comes again, and why
-- answers  "done", "again", "dead" or "back"; nothing if the lease was over

local token, verb, most, mostDead, pause, why = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
if not redis.call('ZSCORE', LEASES, token) then
    return false
end
local queue, deliveries, message = release(token, mostDead)
if not queue then
    return false
end
if verb == 'back' then
    putBack(token, queue, deliveries - 1, message)
    return verb
end
if verb == 'again' and deliveries >= most then
    verb = 'dead'
end
if verb == 'again' and pause > 0 then
    delay(token, queue, deliveries, message, pause)
elseif verb == 'again' then
    putBack(token, queue, deliveries, message)
elseif verb == 'dead' then
    bury(queue, deliveries, message, why, mostDead)
else
    redis.call('HDEL', DELIVERIES, redis.sha1hex(message))
end
return verb
