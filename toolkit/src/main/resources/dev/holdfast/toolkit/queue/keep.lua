-- Begins the leases of messages anew.
--
-- ARGV     prefix, lease in milliseconds, tokens
-- answers  for each token whether the message is still in this worker's hands

local answers = {}
for i = 3, #ARGV do
    local isHeld = redis.call('ZSCORE', LEASES, ARGV[i])
    if isHeld then
        redis.call('ZADD', LEASES, 'XX', whole(now + ARGV[2]), ARGV[i])
    end
    answers[#answers + 1] = isHeld and 1 or 0
end
redis.call('PEXPIRE', OWN, ARGV[2] * 2)
return answers
