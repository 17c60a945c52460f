-- Takes note of how far a job is.
--
-- ARGV     id, fencing token, how far in percent
-- answers  1, or 0 where another has taken the job over

local job = load(ARGV[1])
if not job or job[STATE] ~= 'active' or job[TOKEN] ~= tonumber(ARGV[2]) then
    return 0
end
redis.call('HSET', key('progress'), ARGV[1], ARGV[3])
return 1
