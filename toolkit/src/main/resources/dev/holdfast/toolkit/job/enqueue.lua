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
    return holder and not (holder[UNIQUE_UNTIL] and holder[UNIQUE_UNTIL] <= now) and other or nil
end

local options, answers, added, pending = {}, {}, 0, {}

-- Makes room for a job, unless the one in its way is at work. Answers whether there is room.
local function replace(other)
    local job = load(other)
    if job[STATE] == 'dead' or job[STATE] == 'done' or job[STATE] == 'cancelled' then
        forgetKept(job[STATE], other)
        return true
    end
    local withdrawn = withdraw(other, job)
    for i, id in ipairs(not withdrawn and job[STATE] == 'pending' and pending[job[QUEUE]] or {}) do
        if id == other then
            -- It has come with the same step.
            table.remove(pending[job[QUEUE]], i)
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
    if job[SEALING] and not job[REPLACES] then
        local other = inTheWay(ARGV[i], job[UNIQUE])
        if other then
            return {-1, other}
        end
    end
end

for i = first, #ARGV, 6 do
    local id, job = ARGV[i], options[i]
    local other = inTheWay(id, job[UNIQUE])
    if other and job[REPLACES] and replace(other) then
        other = inTheWay(id, job[UNIQUE])
    end
    answers[#answers + 1] = other and 0 or 1
    answers[#answers + 1] = other or id
    if not other then
        local delay, at, lasts = job[DELAY] or 0, job[AT] or 0, job[UNIQUE_FOR]
        job[QUEUE], job[TYPE], job[ATTEMPTS], job[CREATED], job[FAILED], job[LOST] = ARGV[i + 2], ARGV[i + 3], tonumber(ARGV[i + 4]), now, 0, 0
        job[DELAY], job[AT], job[UNIQUE_FOR], job[REPLACES] = nil, nil, nil, nil
        if job[UNIQUE] then
            job[UNIQUE_UNTIL] = lasts and now + lasts
            redis.call('HSET', key('unique'), job[UNIQUE], id)
        end
        if job[PARENT] then
            redis.call('HINCRBY', key('batch'), job[PARENT], 1)
        end
        payloads[#payloads + 1] = id
        payloads[#payloads + 1] = ARGV[i + 1]
        added = added + 1
        if job[SEALING] then
            job[STATE] = 'awaiting'
            job[PARENT_DELAY], job[DUE] = delay > 0 and delay or nil, at > 0 and at or nil
            -- One more than its children, until all of them have been added.
            redis.call('HSET', key('batch'), id, 1)
            redis.call('ZADD', key('awaiting'), whole(now), id)
        elseif delay > 0 or at > 0 then
            -- One whose time has passed, too: so that it comes after those that were due before.
            schedule(id, job, at > 0 and at or now + delay, 'scheduled')
        elseif job[PRIORITY] then
            makePending(id, job)
        else
            job[STATE] = 'pending'
            pending[job[QUEUE]] = pending[job[QUEUE]] or {}
            table.insert(pending[job[QUEUE]], id)
        end
        if not pending[job[QUEUE]] then
            pending[job[QUEUE]] = {}
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
    if job and job[STATE] == 'awaiting' and job[SEALING] == 1 then
        job[SEALING] = 2
        save(ARGV[i], job)
        leaveParent(ARGV[i])
    end
end
if added > 0 then
    if stored < VERSION then
        redis.call('SET', key('version'), VERSION)
    end
    count('added', added)
    wake(added)
end
return answers
