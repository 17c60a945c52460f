-- Lengthens the leases of jobs at work.
--
-- ARGV     lease in milliseconds, then id and fencing token of each job
-- answers  for each job "held", "cancel" where somebody wants it to stop, or "lost" where it is this worker's no more

local answers = {}
loadArguments(2, 2)
for i = 2, #ARGV, 2 do
    local job = load(ARGV[i])
    if not job or job[STATE] ~= 'active' or job[TOKEN] ~= tonumber(ARGV[i + 1]) then
        answers[#answers + 1] = 'lost'
    else
        redis.call('ZADD', key('active'), 'XX', whole(now + tonumber(ARGV[1])), ARGV[i])
        answers[#answers + 1] = job[CANCELLED] and 'cancel' or 'held'
    end
end
return answers
