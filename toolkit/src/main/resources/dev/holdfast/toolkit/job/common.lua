-- What the scripts of jobs share. It stands before each of them, and commit.lua after it.
--
-- A script reads each job once and works on it in memory. What it has changed is written at its end, all jobs in one command for each
-- key: so a step for a hundred jobs costs hardly more than one for a single job.
--
-- KEYS[1] begins the names of all keys: jobs:{name}. The others follow from it, and lie in the same slot.
--
--   :payload    hash     id -> payload                     :pending:<queue>  list   ids, the next one on the right
--   :state      hash     id -> what is known, packed       :scheduled   sorted set  ids by when they are due
--   :result     hash     id -> result                      :active      sorted set  ids by when their leases end
--   :unique     hash     unique key -> id                  :dead        sorted set  ids by when they died
--   :batch      hash     id of who awaits -> how many        :done        sorted set  ids by when they are to be forgotten
--   :count      hash     counter -> number                 :paused      set         queues
--   :lease      string   the last fencing token            :wake        list        one element for each worker to wake
--   :rate:<queue>  string  when a queue's bucket is full   :progress    hash        id -> how far it is
--   :cron       hash     schedule -> when it was last due
--
-- A job's state, packed by cmsgpack:
--   q queue   t type   s what it is: awaiting, pending, scheduled, retry, active, done, dead   c created   d due
--   m most attempts   a attempts that failed   r times it was taken over   l fencing token   w worker   e deadline (0: none)
--   o milliseconds it may run (0: no limit)   k milliseconds to keep it when it is done   n whether it is to be cancelled
--   u unique key   x "start" or "done": until when it is unique   g when that ends at the latest
--   b the job that awaits this one and its like   y whether all that it awaits have been added   h headers, as the caller wrote them
--   f last failure   z last change
-- Times are milliseconds since 1970.

local base = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function key(suffix)
    return base .. ':' .. suffix
end

local function whole(number)
    return string.format('%.0f', number)
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
-- to write, flat; counters to raise.
local jobs, changed, forgotten, over, payloads, counts = {}, {}, {}, {}, {}, {}

-- Reads jobs that are not known yet.
local function loadAll(ids)
    for i = 1, #ids, most do
        local packed = redis.call('HMGET', key('state'), unpack(ids, i, math.min(i + most - 1, #ids)))
        for j, bytes in ipairs(packed) do
            local id = ids[i + j - 1]
            if jobs[id] == nil then
                jobs[id] = bytes and cmsgpack.unpack(bytes)
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
    job.z = now
    jobs[id], changed[id] = job, true
end

local function forget(id)
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

-- Puts a job where its worker will find it: behind the others, or before them if it was there already.
local function makePending(id, job, first)
    job.s = 'pending'
    redis.call(first and 'RPUSH' or 'LPUSH', key('pending:' .. job.q), id)
end

local function schedule(id, job, due, as)
    job.s, job.d = as, due
    redis.call('ZADD', key('scheduled'), whole(due), id)
end

local function free(id, job)
    if job.u and redis.call('HGET', key('unique'), job.u) == id then
        redis.call('HDEL', key('unique'), job.u)
    end
end

-- A job that was kept when it was done. Only such a one has a result.
local function forgetDone(id)
    redis.call('ZREM', key('done'), id)
    redis.call('HDEL', key('result'), id)
    forget(id)
end

-- One of those that a job awaits has ended. The last one begins it.
local function leaveBatch(follower)
    if redis.call('HINCRBY', key('batch'), follower, -1) > 0 then
        return
    end
    redis.call('HDEL', key('batch'), follower)
    local job = load(follower)
    if job and job.s == 'awaiting' then
        makePending(follower, job)
        save(follower, job)
        wake(1)
    end
end

-- The end of a job, well or not.
local function ended(id, job)
    free(id, job)
    over[#over + 1] = id
    if job.b then
        leaveBatch(job.b)
    end
end

-- A job that is not tried any more. The oldest of the dead make room.
local function bury(id, job, why, mostKept, kept)
    job.s, job.f, job.w = 'dead', why, nil
    save(id, job)
    redis.call('ZADD', key('dead'), whole(now), id)
    count('dead')
    ended(id, job)
    local outdated = redis.call('ZRANGEBYSCORE', key('dead'), '-inf', whole(now - kept), 'LIMIT', 0, 100)
    local surplus = redis.call('ZCARD', key('dead')) - #outdated - mostKept
    if surplus > 0 then
        for _, old in ipairs(redis.call('ZRANGE', key('dead'), #outdated, #outdated + math.min(surplus, 100) - 1)) do
            outdated[#outdated + 1] = old
        end
    end
    for _, old in ipairs(outdated) do
        redis.call('ZREM', key('dead'), old)
        forget(old)
    end
end
