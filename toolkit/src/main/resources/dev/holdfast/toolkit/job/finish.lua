-- Ends a job's present attempt, if the job is still this worker's.
--
-- ARGV     id, fencing token, "done", "retry", "dead" or "release", result or failure, milliseconds until the next attempt, how many
--          dead jobs to keep and how long
-- answers  what has become of the job: "done", "retry", "dead", "pending"; nothing where another has taken it over

local id, verb, text = ARGV[1], ARGV[3], ARGV[4]
local job = load(id)
if not job or job.s ~= 'active' or job.l ~= tonumber(ARGV[2]) then
    return false
end
redis.call('ZREM', key('active'), id)
job.w = nil

if verb == 'done' then
    count('processed')
    if job.k > 0 then
        job.s = 'done'
        save(id, job)
        redis.call('HSET', key('result'), id, text)
        redis.call('ZADD', key('done'), whole(now + job.k), id)
    else
        forget(id)
    end
    ended(id, job)
    return 'done'
end

if verb == 'release' then
    -- The worker gives it back unfinished, as when it shuts down: nobody's failure.
    makePending(id, job, true)
    save(id, job)
    wake(1)
    return 'pending'
end

job.a = job.a + 1
count('failed')
if verb == 'dead' or job.n or job.a >= job.m then
    bury(id, job, text, tonumber(ARGV[6]), tonumber(ARGV[7]))
    return 'dead'
end
job.f = text
schedule(id, job, now + tonumber(ARGV[5]), 'retry')
save(id, job)
count('retried')
return 'retry'
