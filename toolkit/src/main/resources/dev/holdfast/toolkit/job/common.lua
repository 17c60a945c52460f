-- What the scripts of jobs share. It stands before each of them.
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
--   b the job that awaits this one and its like   h headers, as the caller wrote them   f last failure   z last change
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

local function load(id)
    local packed = redis.call('HGET', key('state'), id)
    return packed and cmsgpack.unpack(packed)
end

local function save(id, job)
    job.z = now
    redis.call('HSET', key('state'), id, cmsgpack.pack(job))
end

local function count(what, by)
    redis.call('HINCRBY', key('count'), what, by or 1)
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

local function forget(id)
    redis.call('HDEL', key('state'), id)
    redis.call('HDEL', key('payload'), id)
    redis.call('HDEL', key('result'), id)
    redis.call('HDEL', key('progress'), id)
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
    redis.call('HDEL', key('progress'), id)
    if job.b then
        leaveBatch(job.b)
    end
end

-- A job that is not tried any more. The oldest of the dead make room.
local function bury(id, job, why, most, kept)
    job.s, job.f, job.w = 'dead', why, nil
    save(id, job)
    redis.call('ZADD', key('dead'), whole(now), id)
    count('dead')
    ended(id, job)
    local over = redis.call('ZRANGEBYSCORE', key('dead'), '-inf', whole(now - kept), 'LIMIT', 0, 100)
    local surplus = redis.call('ZCARD', key('dead')) - #over - most
    if surplus > 0 then
        for _, old in ipairs(redis.call('ZRANGE', key('dead'), #over, #over + math.min(surplus, 100) - 1)) do
            over[#over + 1] = old
        end
    end
    for _, old in ipairs(over) do
        redis.call('ZREM', key('dead'), old)
        forget(old)
    end
end
