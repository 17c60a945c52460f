-- Adds jobs.
--
-- ARGV     a schedule and when it was due ("" and 0 for none); how many parents to seal, and their ids; then for each job six words:
--          id, payload, queue, type, most attempts, and "" or JSON with fields of its state and: delay in milliseconds, at (when it is
--          due), lasts (milliseconds of uniqueness at most), replace (whether it takes the place of one that stands in its way)
-- answers  for each job two words: 1 and its id, or 0 and that of the job that stands in its way; only -1 and that, if one stands in a
--          parent's way: nothing is added then; nothing if the schedule's time has been served

if ARGV[1] ~= '' then
    local last = tonumber(redis.call('HGET', key('cron'), ARGV[1]) or 0)
    if last >= tonumber(ARGV[2]) then
        return {}
    end
    redis.call('HSET', key('cron'), ARGV[1], ARGV[2])
end

local first = 4 + tonumber(ARGV[3])
loadArguments(first, 6)

-- The job that stands in another's way, or nil.
local function inTheWay(id, unique)
    if load(id) then
        return id
    end
    local other = unique and redis.call('HGET', key('unique'), unique)
    local holder = other and load(other)
    return holder and not (holder.g and holder.g <= now) and other or nil
end

local options, answers, added, pending = {}, {}, 0, {}

-- Makes room for a job, unless the one in its way is at work. Answers whether there is room.
local function replace(other)
    local job = load(other)
    if job.s == 'dead' or job.s == 'done' or job.s == 'cancelled' then
        forgetKept(job.s, other)
        return true
    end
    local withdrawn = withdraw(other, job)
    for i, id in ipairs(not withdrawn and job.s == 'pending' and pending[job.q] or {}) do
        if id == other then
            -- It has come with the same step.
            table.remove(pending[job.q], i)
            withdrawn = true
            break
        end
    end
    if withdrawn then
        ended(other, job, 'cancelled', 'it was replaced')
        forget(other)
        return true
    end
    return false
end

for i = first, #ARGV, 6 do
    local job = ARGV[i + 5] ~= '' and cjson.decode(ARGV[i + 5]) or {}
    options[i] = job
    if job.y and not job.replace then
        local other = inTheWay(ARGV[i], job.u)
        if other then
            return {-1, other}
        end
    end
end

for i = first, #ARGV, 6 do
    local id, job = ARGV[i], options[i]
    local other = inTheWay(id, job.u)
    if other and job.replace and replace(other) then
        other = inTheWay(id, job.u)
    end
    answers[#answers + 1] = other and 0 or 1
    answers[#answers + 1] = other or id
    if not other then
        local delay, at, lasts = job.delay or 0, job.at or 0, job.lasts
        job.q, job.t, job.m, job.c, job.a, job.r = ARGV[i + 2], ARGV[i + 3], tonumber(ARGV[i + 4]), now, 0, 0
        job.delay, job.at, job.lasts, job.replace = nil, nil, nil, nil
        if job.u then
            job.g = lasts and now + lasts
            redis.call('HSET', key('unique'), job.u, id)
        end
        if job.b then
            redis.call('HINCRBY', key('batch'), job.b, 1)
        end
        payloads[#payloads + 1] = id
        payloads[#payloads + 1] = ARGV[i + 1]
        added = added + 1
        if job.y then
            job.s = 'awaiting'
            job.D, job.d = delay > 0 and delay or nil, at > 0 and at or nil
            -- One more than its children, until all of them have been added.
            redis.call('HSET', key('batch'), id, 1)
            redis.call('ZADD', key('awaiting'), whole(now), id)
        elseif delay > 0 or at > 0 then
            -- One whose time has passed, too: so that it comes after those that were due before.
            schedule(id, job, at > 0 and at or now + delay, 'scheduled')
        elseif job.p then
            makePending(id, job)
        else
            job.s = 'pending'
            pending[job.q] = pending[job.q] or {}
            table.insert(pending[job.q], id)
        end
        if not pending[job.q] then
            pending[job.q] = {}
        end
        save(id, job)
    end
end
for queue, these in pairs(pending) do
    redis.call('SADD', key('queues'), queue)
    callAll('LPUSH', key('pending:' .. queue), these)
end
for i = 4, first - 1 do
    local job = load(ARGV[i])
    if job and job.s == 'awaiting' and job.y == 1 then
        job.y = 2
        save(ARGV[i], job)
        leaveParent(ARGV[i])
    end
end
if added > 0 then
    count('added', added)
    wake(added)
end
return answers
