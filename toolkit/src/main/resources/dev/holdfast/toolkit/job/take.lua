-- Gives a worker jobs under leases. Before that, puts those that are due where they will be found, takes over those whose worker
-- has not been heard of, and forgets those that were kept long enough.
--
-- ARGV     worker, lease in milliseconds, how many jobs at most, how often a job's worker may be lost before it is given up as poison,
--          how many dead jobs to keep and how long, for how many milliseconds a job waits for a worker that knows its type, how many
--          jobs of one key may be at work (0: any number), how many of one key may begin in a period (0: any number), and the period in
--          microseconds; how many types the worker knows, and each; how many types are limited, and each with how many of it may be at
--          work; then for each queue, the first first: its name, how many jobs it may give in a period (0: any number), and the period
--          in microseconds
-- answers  milliseconds until something may be there (-1: unknown), how many jobs were left to others because the worker does not know
--          their type, then for each job twelve words: id, type, queue, payload, fencing token, failed attempts, most attempts, times its
--          worker was lost, created, milliseconds it may run, deadline, headers

local worker, lease, wanted, recoveries = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local mostDead, deadKept, patience = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local keyLimit, keyAmount, keyPeriod = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local micros = clock[1] * 1000000 + clock[2]

-- How many jobs are looked at in one step at most, so that those which are not given do not hold up the store.
local LOOKED_AT = 1000

local place = 11
local known, limits = {}, {}
for i = place + 1, place + ARGV[place] do
    known[ARGV[i]] = true
end
place = place + ARGV[place] + 1
for i = place + 1, place + 2 * ARGV[place], 2 do
    limits['type:' .. ARGV[i]] = tonumber(ARGV[i + 1])
end
place = place + 2 * ARGV[place] + 1

-- The jobs of a sorted set whose time has come.
local function due(what)
    local ids = redis.call('ZRANGEBYSCORE', key(what), '-inf', string.format('%.10f', now + 1023 / 1024), 'LIMIT', 0, 100)
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

-- The one that was given last comes back first, so that the first one is before all others in the end.
local lost = due('active')
table.sort(lost, function(a, b)
    return (jobs[a] and jobs[a][TOKEN] or 0) > (jobs[b] and jobs[b][TOKEN] or 0)
end)
for _, id in ipairs(lost) do
    redis.call('ZREM', key('active'), id)
    local job = load(id)
    if job then
        job[LOST] = job[LOST] + 1
        count('recovered')
        if job[CANCELLED] then
            leaveWork(job)
            endCancelled(id, job)
        elseif job[LOST] > recoveries then
            bury(id, job, 'its worker was lost ' .. job[LOST] .. ' times', '', mostDead, deadKept)
            leaveWork(job)
        else
            leaveWork(job)
            makePending(id, job, true)
            save(id, job)
        end
    end
end

for _, what in ipairs({'done', 'cancelled'}) do
    for _, id in ipairs(due(what)) do
        forgetKept(what, id)
    end
end

local answers, soonest, more, unknown = {-1, 0}, math.huge, false, 0

local function limitOf(limit)
    return string.sub(limit, 1, 4) == 'key:' and (keyLimit > 0 and keyLimit or math.huge) or limits[limit] or math.huge
end

local function busy(limit)
    return tonumber(redis.call('HGET', key('busy'), limit) or 0)
end

-- A job that ends lets the next one go. This is for those that none has let go: because the limit was raised, or the next one was cancelled.
for _, limit in ipairs(redis.call('SRANDMEMBER', key('holding'), 10)) do
    for _ = busy(limit) + 1, math.min(limitOf(limit), busy(limit) + 100) do
        if not letGo(limit) then
            break
        end
    end
end

-- A queue that may give so many jobs in a period has a bucket of as many tokens. Answers whether there is one; takes it if wanted.
local function token(queue, amount, period, isTaken)
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
    if isTaken then
        redis.call('SET', name, whole(after), 'PX', whole(math.ceil((after - micros) / 1000)))
    end
    return true
end

-- Reserves the next turn in the bucket of a job's key. Answers in how many milliseconds it is.
local function reserve(job)
    local name, interval = key('rate-key:' .. job[KEY]), keyPeriod / keyAmount
    local full, seen = string.match(redis.call('GET', name) or '0 0', '(%d+) (%d+)')
    -- Turns that were reserved before the clock was set back come as much sooner.
    full = math.max(micros, full - math.max(0, seen - micros))
    local after = full + interval
    redis.call('SET', name, whole(after) .. ' ' .. whole(micros), 'PX', whole(math.ceil((after - micros) / 1000)))
    return math.ceil((after - keyPeriod - micros) / 1000)
end

-- The limit that holds a job back, or nil; and those that will count it.
local function limitsOf(job)
    local names = {}
    if limits['type:' .. job[TYPE]] then
        names[1] = 'type:' .. job[TYPE]
    end
    if job[KEY] and keyLimit > 0 then
        names[#names + 1] = 'key:' .. job[KEY]
    end
    for _, limit in ipairs(names) do
        if busy(limit) >= limitOf(limit) then
            return limit
        end
    end
    return nil, names
end

local function hold(id, job, limit)
    job[STATE], job[HELD_BY] = 'held', limit
    save(id, job)
    redis.call('LPUSH', key('held:' .. limit), id)
    redis.call('ZADD', key('held'), whole(now), id)
    redis.call('SADD', key('holding'), limit)
end

-- Leaves a job to a worker that knows its type, and looks again after a pause that doubles up to a minute.
local function leaveToOthers(id, job)
    if not job[UNKNOWN] then
        job[UNKNOWN], job[UNKNOWN_SINCE] = 0, now
        redis.call('HINCRBY', key('unknown'), job[TYPE], 1)
    end
    job[UNKNOWN] = job[UNKNOWN] + 1
    unknown = unknown + 1
    if now - job[UNKNOWN_SINCE] >= patience then
        bury(id, job, 'no worker has known the type ' .. job[TYPE] .. ' for ' .. whole(patience / 1000) .. ' s', '', mostDead, deadKept)
        return
    end
    job[FAILURE] = 'no worker has known the type ' .. job[TYPE] .. ' so far'
    schedule(id, job, math.min(now + math.min(60000, 500 * 2 ^ math.min(job[UNKNOWN], 10)), job[UNKNOWN_SINCE] + patience), 'retry')
    save(id, job)
end

-- Gives a job to the worker, unless something is against it. Answers whether it was given.
local given = {}
local function give(id, job)
    if job[DEADLINE] and job[DEADLINE] <= now then
        bury(id, job, 'its deadline has passed', '', mostDead, deadKept)
        return false
    end
    if not known[job[TYPE]] then
        leaveToOthers(id, job)
        return false
    end
    local limit, names = limitsOf(job)
    if limit then
        hold(id, job, limit)
        return false
    end
    if job[KEY] and keyAmount > 0 and not job[RESERVED] then
        local wait = reserve(job)
        if wait > 0 then
            job[RESERVED] = true
            schedule(id, job, now + wait, 'scheduled')
            save(id, job)
            return false
        end
    end
    if #names > 0 then
        job[LIMITS] = names
        for _, name in ipairs(names) do
            redis.call('HINCRBY', key('busy'), name, 1)
        end
    end
    becomeKnown(job)
    if job[UNIQUE_TO_START] then
        free(id, job)
    end
    job[STATE], job[WORKER], job[RESERVED] = 'active', worker, nil
    save(id, job)
    given[#given + 1] = id
    return true
end

local looked = 0
for i = place, #ARGV, 3 do
    local queue, amount, period = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
    local list, urgent = key('pending:' .. queue), key('urgent:' .. queue)
    local open = redis.call('SISMEMBER', key('paused'), queue) == 0
    while open and wanted > 0 and looked < LOOKED_AT do
        local hasUrgent = redis.call('EXISTS', urgent) == 1
        if not hasUrgent and redis.call('EXISTS', list) == 0 or amount > 0 and not token(queue, amount, period) then
            break
        end
        local portion, ids = amount == 0 and wanted or 1, {}
        if hasUrgent then
            local popped = redis.call('ZPOPMIN', urgent, portion)
            for j = 1, #popped, 2 do
                ids[#ids + 1] = popped[j]
            end
        else
            ids = redis.call('RPOP', list, portion)
        end
        looked = looked + #ids
        loadAll(ids)
        for _, id in ipairs(ids) do
            local job = load(id)
            if job and job[STATE] == 'pending' and give(id, job) then
                wanted = wanted - 1
                if amount > 0 then
                    token(queue, amount, period, true)
                end
            end
        end
    end
    more = more or open and (wanted == 0 or looked >= LOOKED_AT) and redis.call('EXISTS', list, urgent) > 0
end

if #given > 0 then
    -- No less than the time, so that tokens grow even if the last one was lost.
    local last = math.max(tonumber(redis.call('GET', key('lease')) or 0), micros)
    redis.call('SET', key('lease'), whole(last + #given))
    local leases, contents = {}, redis.call('HMGET', key('payload'), unpack(given))
    for i, id in ipairs(given) do
        local job = load(id)
        job[TOKEN] = last + i
        leases[#leases + 1] = whole(now + lease)
        leases[#leases + 1] = id
        local words = {id, job[TYPE], job[QUEUE], contents[i], job[TOKEN], job[FAILED], job[ATTEMPTS], job[LOST], whole(job[CREATED]), job[TIMEOUT] or 0, whole(job[DEADLINE] or 0), job[HEADERS] or ''}
        for j = 1, 12 do
            answers[#answers + 1] = words[j]
        end
    end
    callAll('ZADD', key('active'), leases)
end

if more then
    wake(1)
    soonest = 1
end
for _, waiting in ipairs({'scheduled', 'active'}) do
    local next = redis.call('ZRANGE', key(waiting), 0, 0, 'WITHSCORES')
    if next[2] then
        soonest = math.min(soonest, next[2] - now)
    end
end
if soonest < math.huge then
    answers[1] = math.max(1, math.ceil(soonest))
end
answers[2] = unknown
return answers
