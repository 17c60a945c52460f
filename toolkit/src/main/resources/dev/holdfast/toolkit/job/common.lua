-- What the scripts of jobs share. It stands before each of them, and commit.lua after it.
--
-- A script reads each job once and works on it in memory. What it has changed is written at its end, all jobs in one command for each
-- key: so a step for a hundred jobs costs hardly more than one for a single job.
--
-- KEYS[1] begins the names of all keys: jobs:{name}. The others follow from it, and lie in the same slot.
--
--   :payload    hash     id -> payload                     :pending:<queue>  list   ids, the next one on the right
--   :state      hash     id -> what is known, packed       :urgent:<queue>   sorted set  ids with a priority, the next one first
--   :result     hash     id -> result                      :scheduled   sorted set  ids by when they are due
--   :failures   hash     id -> its last failures, packed   :active      sorted set  ids by when their leases end
--   :unique     hash     unique key -> id                  :dead        sorted set  ids by when they died
--   :batch      hash     parent -> children to come        :done, :cancelled  sorted sets  ids by when they are to be forgotten
--   :count      hash     counter -> number                 :awaiting    sorted set  parents by when they were added
--   :lease      string   the last fencing token            :held        sorted set  ids by when they were held back
--   :queues     set      queues that were ever used        :held:<limit>  list      the same for each limit, the next one on the right
--   :paused     set      queues                            :holding     set         limits that hold jobs back
--   :cron       hash     schedule -> when it was last due  :busy        hash        limit -> how many jobs at work it counts
--   :progress   hash     id -> how far it is               :unknown     hash        type -> how many jobs no worker has known
--   :version    string   the version of what is stored
--   :wake       list     one element for each worker to wake
--   :rate:<queue>, :rate-key:<key>  strings  when a bucket is full
--   :children:<parent>  hash  child -> what became of it, packed
--   :minutes:<hour>     hash  minute:counter -> number; kept for a day
--
-- The channel :events carries "cancel:<id>" for a job at work that is to stop, and "ended:<id>" for one whose result is kept.
--
-- A job's state is packed by cmsgpack. Its fields are those of JobField, which declares a name for each before this: job[STATE] and so on.
-- What has no value is nil. Times are milliseconds since 1970.
--
-- The version of all this stands under :version. What a newer one has written is not touched.

local base = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function key(suffix)
    return base .. ':' .. suffix
end

local function whole(number)
    return string.format('%.0f', number)
end

local stored = tonumber(redis.call('GET', key('version')) or 0) or 0
if stored > VERSION then
    return redis.error_reply('ERR ' .. base .. ' is of version ' .. whole(stored) .. ', and this program knows version ' .. VERSION)
end

-- How many words of a list are given to a command at most.
local most = 1000

-- Calls a command with a key and words, any number of them, in portions.
local function callAll(command, name, words)
    for i = 1, #words, most do
        redis.call(command, name, unpack(words, i, math.min(i + most - 1, #words)))
    end
end

-- Jobs by id, false for those that there are not; the ids of those to write, to delete, and of which no progress is to be kept; payloads
-- to write, flat; counters to raise; ids that somebody may wait for.
local jobs, changed, forgotten, over, payloads, counts, told = {}, {}, {}, {}, {}, {}, {}

-- Reads jobs that are not known yet. One whose state cannot be read is as good as none, and in no other's way.
local function loadAll(ids)
    for i = 1, #ids, most do
        local packed = redis.call('HMGET', key('state'), unpack(ids, i, math.min(i + most - 1, #ids)))
        for j, bytes in ipairs(packed) do
            local id = ids[i + j - 1]
            if jobs[id] == nil then
                local isRead, job = pcall(cmsgpack.unpack, bytes or '')
                jobs[id] = bytes and isRead and type(job) == 'table' and job
            end
        end
    end
end

-- Reads the jobs whose ids stand among the arguments: the first at a place, the others so many words apart.
local function loadArguments(first, apart)
    local ids = {}
    for i = first, #ARGV, apart do
        ids[#ids + 1] = ARGV[i]
    end
    loadAll(ids)
end

local function load(id)
    if jobs[id] == nil then
        loadAll({id})
    end
    return jobs[id]
end

local function save(id, job)
    job[CHANGED] = now
    jobs[id], changed[id] = job, true
end

local function forget(id)
    local job = jobs[id]
    if job and job[SEALING] then
        redis.call('DEL', key('children:' .. id))
    end
    jobs[id], changed[id] = false, nil
    forgotten[#forgotten + 1] = id
end

local function count(what, by)
    counts[what] = (counts[what] or 0) + (by or 1)
end

-- Lets so many of the workers that wait look again. More marks than workers would only be looked at in vain.
local function wake(jobs)
    local marks = redis.call('LLEN', key('wake'))
    for _ = marks + 1, math.min(marks + jobs, 32) do
        redis.call('LPUSH', key('wake'), '1')
    end
end

-- Puts a job where its worker will find it: behind the others of its priority, or before them if it was there already.
local function makePending(id, job, first)
    job[STATE] = 'pending'
    if job[PRIORITY] then
        local number = redis.call('HINCRBY', key('count'), 'urgent', 1)
        redis.call('ZADD', key('urgent:' .. job[QUEUE]), whole(-job[PRIORITY] * 2 ^ 42 + (first and -number or number)), id)
    else
        redis.call(first and 'RPUSH' or 'LPUSH', key('pending:' .. job[QUEUE]), id)
    end
end

-- Jobs that are due in the same millisecond stay in the order in which they came: each is a little later than the one before.
local lastDue, lastScore
-- For how many milliseconds a worker waits at most before it looks again; whether one was woken for what is due sooner.
local longestWait, isSoonTold = 1000, false
local function schedule(id, job, due, as)
    job[STATE], job[DUE] = as, due
    if due ~= lastDue then
        local same = redis.call('ZREVRANGEBYSCORE', key('scheduled'), '(' .. whole(due + 1), whole(due), 'WITHSCORES', 'LIMIT', 0, 1)
        lastDue, lastScore = due, same[2] and math.min(same[2] + 1 / 1024, due + 1023 / 1024) or due
    else
        lastScore = lastScore + 1 / 1024
    end
    redis.call('ZADD', key('scheduled'), string.format('%.10f', lastScore), id)
    if due < now + longestWait and not isSoonTold then
        -- Workers that wait do not know of it. One of them looks when it is due.
        isSoonTold = true
        wake(1)
    end
end

local function free(id, job)
    if job[UNIQUE] and redis.call('HGET', key('unique'), job[UNIQUE]) == id then
        redis.call('HDEL', key('unique'), job[UNIQUE])
    end
end

-- Forgets that no worker knew the job's type.
local function becomeKnown(job)
    if job[UNKNOWN] then
        if redis.call('HINCRBY', key('unknown'), job[TYPE], -1) <= 0 then
            redis.call('HDEL', key('unknown'), job[TYPE])
        end
        job[UNKNOWN], job[UNKNOWN_SINCE] = nil, nil
    end
end

-- Lets the next job go that a limit holds back. Answers whether there was one.
local function letGo(limit)
    local id = redis.call('RPOP', key('held:' .. limit))
    if not id then
        redis.call('SREM', key('holding'), limit)
        return false
    end
    redis.call('ZREM', key('held'), id)
    local job = load(id)
    if job and job[STATE] == 'held' then
        job[HELD_BY] = nil
        makePending(id, job, true)
        save(id, job)
        wake(1)
    end
    return true
end

-- A job is at work no more.
local function leaveWork(job)
    for _, limit in ipairs(job[LIMITS] or {}) do
        if redis.call('HINCRBY', key('busy'), limit, -1) <= 0 then
            redis.call('HDEL', key('busy'), limit)
        end
        letGo(limit)
    end
    job[LIMITS], job[WORKER] = nil, nil
end

-- A job that was kept when it had ended. Only one that was done has a result.
local function forgetKept(what, id)
    redis.call('ZREM', key(what), id)
    redis.call('HDEL', key('result'), id)
    load(id)
    forget(id)
end

-- One of a parent's children has ended. The last one begins it.
local function leaveParent(parent)
    if redis.call('HINCRBY', key('batch'), parent, -1) > 0 then
        return
    end
    redis.call('HDEL', key('batch'), parent)
    local job = load(parent)
    if job and job[STATE] == 'awaiting' then
        redis.call('ZREM', key('awaiting'), parent)
        local due = math.max(job[DUE] or 0, now + (job[PARENT_DELAY] or 0))
        if due > now then
            schedule(parent, job, due, 'scheduled')
        else
            makePending(parent, job)
            wake(1)
        end
        save(parent, job)
    end
end

-- The end of a job: "done" with its result, or "dead" or "cancelled" with the reason.
local function ended(id, job, how, text)
    free(id, job)
    becomeKnown(job)
    over[#over + 1] = id
    if job[KEPT] then
        told[#told + 1] = id
    end
    if job[PARENT] then
        local parent = load(job[PARENT])
        if parent and parent[STATE] == 'awaiting' then
            redis.call('HSET', key('children:' .. job[PARENT]), id, cmsgpack.pack({job[TYPE], how, text}))
        end
        leaveParent(job[PARENT])
        job[PARENT] = nil
    end
end

-- The failures of a job; none where they cannot be read.
local function failuresOf(id)
    local isRead, all = pcall(cmsgpack.unpack, redis.call('HGET', key('failures'), id) or '')
    return isRead and type(all) == 'table' and all or {}
end

-- Takes note of a failure. The first and the last nine are kept, the stack traces of the first and the last one.
local function noteFailure(id, job, why, trace, worker)
    job[FAILURE] = why
    local all = failuresOf(id)
    if #all > 1 then
        all[#all][4] = ''
    end
    if #all >= 10 then
        table.remove(all, 2)
    end
    all[#all + 1] = {now, job[FAILED], why, trace, worker or ''}
    redis.call('HSET', key('failures'), id, cmsgpack.pack(all))
end

-- A job that is not tried any more. The oldest of the dead make room.
local function bury(id, job, why, trace, mostKept, kept)
    noteFailure(id, job, why, trace, job[WORKER])
    job[STATE], job[WORKER] = 'dead', nil
    ended(id, job, 'dead', why)
    save(id, job)
    redis.call('ZADD', key('dead'), whole(now), id)
    count('dead')
    local outdated = redis.call('ZRANGEBYSCORE', key('dead'), '-inf', whole(now - kept), 'LIMIT', 0, 100)
    local surplus = redis.call('ZCARD', key('dead')) - #outdated - mostKept
    if surplus > 0 then
        for _, old in ipairs(redis.call('ZRANGE', key('dead'), #outdated, #outdated + math.min(surplus, 100) - 1)) do
            outdated[#outdated + 1] = old
        end
    end
    for _, old in ipairs(outdated) do
        redis.call('ZREM', key('dead'), old)
        load(old)
        forget(old)
    end
end

-- A job that somebody has cancelled. It is kept as long as its result would have been.
local function endCancelled(id, job)
    count('cancelled')
    job[STATE], job[FAILURE], job[WORKER], job[CANCELLED] = 'cancelled', 'it was cancelled', nil, nil
    ended(id, job, 'cancelled', job[FAILURE])
    if job[KEPT] then
        save(id, job)
        redis.call('ZADD', key('cancelled'), whole(now + job[KEPT]), id)
    else
        forget(id)
    end
end

-- Takes a job from where it waits. Answers whether it waited.
local function withdraw(id, job)
    if job[STATE] == 'pending' then
        if job[PRIORITY] then
            return redis.call('ZREM', key('urgent:' .. job[QUEUE]), id) == 1
        end
        return redis.call('LREM', key('pending:' .. job[QUEUE]), 1, id) == 1
    end
    if job[STATE] == 'held' then
        redis.call('LREM', key('held:' .. job[HELD_BY]), 1, id)
        job[HELD_BY] = nil
        return redis.call('ZREM', key('held'), id) == 1
    end
    if job[STATE] == 'awaiting' then
        redis.call('HDEL', key('batch'), id)
        return redis.call('ZREM', key('awaiting'), id) == 1
    end
    return (job[STATE] == 'scheduled' or job[STATE] == 'retry') and redis.call('ZREM', key('scheduled'), id) == 1
end
