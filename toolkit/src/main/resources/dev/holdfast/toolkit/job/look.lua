-- Shows jobs.
--
-- ARGV     "ids" and ids; or "list", what they are (scheduled, active, dead, done, or pending:<queue>), from which on, and how many
-- answers  for each job that there is: id, type, queue, what it is, payload, result, progress, failed attempts, most attempts, times
--          taken over, created, due, last change, last failure, headers, worker

local ids = {}
if ARGV[1] == 'ids' then
    for i = 2, #ARGV do
        ids[#ids + 1] = ARGV[i]
    end
elseif string.sub(ARGV[2], 1, 8) == 'pending:' then
    -- The next one is on the right.
    local from, many = tonumber(ARGV[3]), tonumber(ARGV[4])
    local found = redis.call('LRANGE', key(ARGV[2]), -from - many, -from - 1)
    for i = #found, 1, -1 do
        ids[#ids + 1] = found[i]
    end
else
    ids = redis.call('ZRANGE', key(ARGV[2]), ARGV[3], ARGV[3] + ARGV[4] - 1)
end
local answers = {}
for _, id in ipairs(ids) do
    local job = load(id)
    if job then
        answers[#answers + 1] = {id, job.t, job.q, job.s, redis.call('HGET', key('payload'), id), redis.call('HGET', key('result'), id),
            redis.call('HGET', key('progress'), id), job.a, job.m, job.r, whole(job.c), whole(job.d or job.c), whole(job.z),
            job.f or '', job.h, job.w or ''}
    end
end
return answers
