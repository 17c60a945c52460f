-- Ends the present attempts of jobs, of each if it is still this worker's.
--
-- ARGV     how many dead jobs to keep and how long; then for each job five words: id, fencing token, "done", "retry", "dead" or
--          "release", result or failure, milliseconds until the next attempt
-- answers  what has become of each job: "done", "retry", "dead", "pending"; nothing where another has taken it over

local mostDead, deadKept = tonumber(ARGV[1]), tonumber(ARGV[2])

local function done(id, job, result)
    count('processed')
    if job.k > 0 then
        job.s = 'done'
        save(id, job)
        redis.call('HSET', key('result'), id, result)
        redis.call('ZADD', key('done'), whole(now + job.k), id)
    else
        forget(id)
    end
    ended(id, job)
    return 'done'
end

-- The worker gives it back unfinished, as when it shuts down: nobody's failure.
local function release(id, job)
    makePending(id, job, true)
    save(id, job)
    wake(1)
    return 'pending'
end

local function fail(id, job, verb, why, delay)
    job.a = job.a + 1
    count('failed')
    if verb == 'dead' or job.n or job.a >= job.m then
        bury(id, job, why, mostDead, deadKept)
        return 'dead'
    end
    job.f = why
    schedule(id, job, now + tonumber(delay), 'retry')
    save(id, job)
    count('retried')
    return 'retry'
end

local mine, answers = {}, {}
loadArguments(3, 5)
for i = 3, #ARGV, 5 do
    local id, token, verb, text, delay = unpack(ARGV, i, i + 4)
    local job = load(id)
    local answer = false
    if job and job.s == 'active' and job.l == tonumber(token) then
        mine[#mine + 1] = id
        job.w = nil
        if verb == 'done' then
            answer = done(id, job, text)
        elseif verb == 'release' then
            answer = release(id, job)
        else
            answer = fail(id, job, verb, text, delay)
        end
    end
    answers[#answers + 1] = answer
end
callAll('ZREM', key('active'), mine)
return answers
