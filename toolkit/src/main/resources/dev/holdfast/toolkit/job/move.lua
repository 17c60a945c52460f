-- Moves jobs by hand.
--
-- ARGV     "cancel", "run", "delete", "replay" or "purge"; then ids, or for "replay" and "purge" nothing: all dead ones, at most 1000
-- answers  how many were moved; for "cancel", those at work are counted that have been told to stop

local verb = ARGV[1]

local function cancel(id, job)
    if job[STATE] == 'active' then
        job[CANCELLED] = true
        save(id, job)
        redis.call('PUBLISH', key('events'), 'cancel:' .. id)
        return true
    end
    if withdraw(id, job) then
        endCancelled(id, job)
        return true
    end
end

local function run(id, job)
    if (job[STATE] == 'scheduled' or job[STATE] == 'retry' or job[STATE] == 'awaiting') and withdraw(id, job) then
        makePending(id, job)
        save(id, job)
        return true
    end
end

local function delete(id, job)
    if job[STATE] == 'done' or job[STATE] == 'cancelled' or job[STATE] == 'dead' then
        forgetKept(job[STATE], id)
        return true
    end
    if job[STATE] ~= 'active' and withdraw(id, job) then
        ended(id, job, 'cancelled', 'it was deleted')
        forget(id)
        return true
    end
end

-- Not if another job has its unique key meanwhile: there must be one only.
local function replay(id, job)
    if job[STATE] ~= 'dead' and job[STATE] ~= 'cancelled' then
        return false
    end
    if job[UNIQUE] then
        local other = redis.call('HGET', key('unique'), job[UNIQUE])
        local holder = other and load(other)
        if holder and not (holder[UNIQUE_UNTIL] and holder[UNIQUE_UNTIL] <= now) then
            return false
        end
        job[UNIQUE_UNTIL] = job[UNIQUE_UNTIL] and now + job[UNIQUE_UNTIL] - job[CREATED]
        redis.call('HSET', key('unique'), job[UNIQUE], id)
    end
    redis.call('ZREM', key(job[STATE]), id)
    job[FAILED], job[LOST], job[CANCELLED], job[DEADLINE] = 0, 0, nil, nil
    makePending(id, job)
    save(id, job)
    return true
end

local function purge(id, job)
    return job[STATE] == 'dead' and delete(id, job)
end

local verbs = {cancel = cancel, run = run, delete = delete, replay = replay, purge = purge}
local ids = {}
for i = 2, #ARGV do
    ids[#ids + 1] = ARGV[i]
end
if #ids == 0 then
    ids = redis.call('ZRANGE', key('dead'), 0, 999)
end
loadAll(ids)
local moved = 0
for _, id in ipairs(ids) do
    local job = load(id)
    if job and verbs[verb](id, job) then
        moved = moved + 1
    end
end
if moved > 0 and (verb == 'run' or verb == 'replay') then
    wake(moved)
end
return moved
