-- Gives a worker jobs under leases. Before that, puts those that are due where they will be found, takes over those whose worker
-- has not been heard of, and forgets those that were kept long enough.
--
-- ARGV     worker, lease in milliseconds, how many jobs at most, how often a job is taken over before it is given up as poison, how
--          many dead jobs to keep and how long, then for each queue, the first first: its name, how many jobs it may give in a period
--          (0: any number), and the period in microseconds
-- answers  milliseconds until something may be there (-1: unknown), then for each job twelve words: id, type, queue, payload, fencing
--          token, failed attempts, most attempts, times taken over, created, milliseconds it may run, deadline, headers

local worker, lease, wanted, takeovers = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local mostDead, deadKept = tonumber(ARGV[5]), tonumber(ARGV[6])

-- The jobs of a sorted set whose time has come.
local function due(what)
    local ids = redis.call('ZRANGEBYSCORE', key(what), '-inf', whole(now), 'LIMIT', 0, 100)
    loadAll(ids)
    return ids
end

for _, id in ipairs(due('scheduled')) do
    redis.call('ZREM', key('scheduled'), id)
    local job = load(id)
    if job then
        makePending(id, job)
        save(id, job)
    end
end

for _, id in ipairs(due('active')) do
    redis.call('ZREM', key('active'), id)
    local job = load(id)
    if job then
        job.r = job.r + 1
        count('recovered')
        if job.n then
            bury(id, job, 'cancelled', mostDead, deadKept)
        elseif job.r > takeovers then
            bury(id, job, 'its worker was lost ' .. job.r .. ' times', mostDead, deadKept)
        else
            makePending(id, job, true)
            save(id, job)
        end
    end
end

for _, id in ipairs(due('done')) do
    forgetDone(id)
end

local answers, soonest, more = {-1}, math.huge, false

-- Whether the queue may give one more job now: a bucket of as many tokens as it may give in a period.
local function may(queue, amount, period)
    if amount == 0 then
        return true
    end
    local micros = clock[1] * 1000000 + clock[2]
    local name, interval = key('rate:' .. queue), period / amount
    local full = math.max(micros, tonumber(redis.call('GET', name) or 0))
    if full > micros + period + 1 then
        -- It cannot be emptier than empty, unless the clock was set back.
        full = micros + period
        redis.call('SET', name, whole(full), 'PX', whole(math.ceil(period / 1000)))
    end
    local after = full + interval
    if after - period > micros then
        soonest = math.min(soonest, (after - period - micros) / 1000)
        return false
    end
    redis.call('SET', name, whole(after), 'PX', whole(math.ceil((after - micros) / 1000)))
    return true
end

-- Gives a job to the worker, unless it is too late for it. Answers whether it was given.
local given = {}
local function give(id, job)
    if job.e > 0 and job.e <= now then
        bury(id, job, 'its deadline has passed', mostDead, deadKept)
        return false
    end
    if job.x == 'start' then
        free(id, job)
        job.u = nil
    end
    job.s, job.w = 'active', worker
    save(id, job)
    given[#given + 1] = id
    return true
end

for i = 7, #ARGV, 3 do
    local list, amount, period = key('pending:' .. ARGV[i]), tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
    local open = redis.call('SISMEMBER', key('paused'), ARGV[i]) == 0
    while open and wanted > 0 and redis.call('LLEN', list) > 0 and may(ARGV[i], amount, period) do
        local ids = redis.call('RPOP', list, amount == 0 and wanted or 1)
        loadAll(ids)
        for _, id in ipairs(ids) do
            local job = load(id)
            if job and give(id, job) then
                wanted = wanted - 1
            end
        end
    end
    more = more or open and wanted == 0 and redis.call('LLEN', list) > 0
end

if #given > 0 then
    -- No less than the time, so that tokens grow even if the last one was lost.
    local last = math.max(tonumber(redis.call('GET', key('lease')) or 0), clock[1] * 1000000 + clock[2])
    redis.call('SET', key('lease'), whole(last + #given))
    local leases, contents = {}, redis.call('HMGET', key('payload'), unpack(given))
    for i, id in ipairs(given) do
        local job = load(id)
        job.l = last + i
        leases[#leases + 1] = whole(now + lease)
        leases[#leases + 1] = id
        for _, word in ipairs({id, job.t, job.q, contents[i], job.l, job.a, job.m, job.r, whole(job.c), job.o, whole(job.e), job.h}) do
            answers[#answers + 1] = word
        end
    end
    callAll('ZADD', key('active'), leases)
end

if more then
    wake(1)
end
for _, waiting in ipairs({'scheduled', 'active'}) do
    local first = redis.call('ZRANGE', key(waiting), 0, 0, 'WITHSCORES')
    if first[2] then
        soonest = math.min(soonest, first[2] - now)
    end
end
if soonest < math.huge then
    answers[1] = math.max(1, math.ceil(soonest))
end
return answers
