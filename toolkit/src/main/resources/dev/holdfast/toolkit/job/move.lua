-- Moves jobs by hand.
--
-- ARGV     "cancel", "run", "delete", "replay", "purge", or "sealed" for a job whose batch is complete; then ids, or for "replay" and
--          "purge" nothing: all dead ones, at most 1000
-- answers  how many were moved; for "cancel", those at work are counted that have been told to stop

local verb = ARGV[1]

-- Takes a job from where it waits. Answers whether it waited.
local function withdraw(id, job)
    if job.s == 'pending' then
        return redis.call('LREM', key('pending:' .. job.q), 1, id) == 1
    end
    return (job.s == 'scheduled' or job.s == 'retry') and redis.call('ZREM', key('scheduled'), id) == 1 or job.s == 'awaiting'
end

local function cancel(id, job)
    if job.s == 'active' then
        job.n = true
        save(id, job)
        return true
    end
    if withdraw(id, job) then
        forget(id)
        ended(id, job)
        count('cancelled')
        return true
    end
end

local function run(id, job)
    if job.s ~= 'pending' and withdraw(id, job) then
        makePending(id, job)
        save(id, job)
        return true
    end
end

local function delete(id, job)
    if job.s == 'done' then
        forgetDone(id)
        return true
    end
    if job.s == 'dead' then
        redis.call('ZREM', key('dead'), id)
        forget(id)
        return true
    end
    return job.s ~= 'active' and cancel(id, job)
end

local function replay(id, job)
    if job.s == 'dead' then
        redis.call('ZREM', key('dead'), id)
        job.a, job.r, job.n, job.b, job.e = 0, 0, nil, nil, 0
        makePending(id, job)
        save(id, job)
        return true
    end
end

local function purge(id, job)
    return job.s == 'dead' and delete(id, job)
end

local function sealed(id, job)
    if job.s == 'awaiting' and not job.y then
        job.y = true
        save(id, job)
        leaveBatch(id)
    end
    return true
end

local verbs = {cancel = cancel, run = run, delete = delete, replay = replay, purge = purge, sealed = sealed}
local ids = {}
for i = 2, #ARGV do
    ids[#ids + 1] = ARGV[i]
end
if #ids == 0 then
    ids = redis.call('ZRANGE', key('dead'), 0, 999)
end
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
