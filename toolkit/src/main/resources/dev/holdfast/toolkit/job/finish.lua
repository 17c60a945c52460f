-- Ends the present attempts of jobs, of each if it is still this worker's.
--
-- ARGV     how many dead jobs to keep and how long; then for each job six words: id, fencing token, "done", "retry", "dead", "cancelled"
--          or "release", result or failure, stack trace, milliseconds until the next attempt
-- answers  what has become of each job: "done", "retry", "dead", "cancelled", "pending"; nothing where another has taken it over

local mostDead, deadKept = tonumber(ARGV[1]), tonumber(ARGV[2])

local function done(id, job, result)
    count('processed')
    ended(id, job, 'done', result)
    if job[KEPT] then
        job[STATE] = 'done'
        save(id, job)
        redis.call('HSET', key('result'), id, result)
        redis.call('ZADD', key('done'), whole(now + job[KEPT]), id)
    else
        forget(id)
    end
    return 'done'
end

local function fail(id, job, verb, why, trace, delay)
    job[FAILED] = job[FAILED] + 1
    count('failed')
    if verb == 'dead' or job[FAILED] >= job[ATTEMPTS] then
        bury(id, job, why, trace, mostDead, deadKept)
        return 'dead'
    end
    noteFailure(id, job, why, trace, job[WORKER])
    schedule(id, job, now + tonumber(delay), 'retry')
    save(id, job)
    count('retried')
    return 'retry'
end

local mine, answers = {}, {}
loadArguments(3, 6)
for i = 3, #ARGV, 6 do
    local id, token, verb, text, trace, delay = unpack(ARGV, i, i + 5)
    local job = load(id)
    local answer = false
    if job and job[STATE] == 'active' and job[TOKEN] == tonumber(token) then
        mine[#mine + 1] = id
        if verb == 'done' then
            answer = done(id, job, text)
        elseif verb == 'cancelled' or job[CANCELLED] then
            endCancelled(id, job)
            answer = 'cancelled'
        elseif verb == 'release' then
            -- The worker gives it back unfinished, as when it shuts down: that is no failure.
            makePending(id, job, true)
            save(id, job)
            wake(1)
            answer = 'pending'
        else
            answer = fail(id, job, verb, text, trace, delay)
        end
        leaveWork(job)
    end
    answers[#answers + 1] = answer
end
callAll('ZREM', key('active'), mine)
return answers
