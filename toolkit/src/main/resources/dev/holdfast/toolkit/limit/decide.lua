-- Decides whether something may happen now, under one or several limits, and takes it from all of them or from none.
--
-- KEYS     what each limit counts with
-- ARGV     cost, "take" or "look", and for each limit: algorithm, amount, period in microseconds, burst
-- answers  whether it may happen; of the tightest limit its amount and what remains of it; how many microseconds until it
--          may (-1: never, 0: now), and until nothing is counted any more

local cost = tonumber(ARGV[1])
local take = ARGV[2] == 'take'
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local function whole(number)
    return string.format('%.0f', number)
end

-- Sets a key to expire in so many microseconds, rounded up.
local function expire(key, micros)
    redis.call('PEXPIRE', key, whole(math.max(1, math.ceil(micros / 1000))))
end

-- Whether a key holds what one of the limits below keeps, and not something of another program's.
local function isOwn(key)
    local kind = redis.call('TYPE', key).ok
    if kind == 'hash' then
        return redis.call('HLEN', key) == 3 and redis.call('HEXISTS', key, 'period') == 1
    elseif kind == 'zset' then
        local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
        return string.match(first[1], '^(%d+)%-%d+$') == whole(tonumber(first[2]))
    end
    return kind == 'string' and tonumber(redis.call('GET', key)) ~= nil
end

-- Asks for what a limit has kept. Where its algorithm was changed, something else stands there, and it counts anew. What is not a
-- limit's stays, and is an error.
local function ask(command, key, ...)
    local answer = redis.pcall(command, key, ...)
    if type(answer) == 'table' and answer.err then
        if not isOwn(key) then
            error(answer)
        end
        redis.call('UNLINK', key)
        return redis.call(command, key, ...)
    end
    return answer
end

-- A number that a limit has kept, or 0.
local function kept(key, most)
    local text = ask('GET', key)
    if not text then
        return 0
    end
    local number = tonumber(text)
    if not number then
        error({err = 'ERR the key of a limit holds something else'})
    end
    if number > most then
        -- The time that a bucket has kept: no counter comes near it.
        redis.call('UNLINK', key)
        return 0
    end
    return number
end

-- Each of these looks at what a limit has counted and answers what is used, how long to wait until the cost fits, how long
-- until nothing is counted, and a function that takes the cost.
local algorithms = {}

-- A counter that begins with the first use and ends a period later.
function algorithms.window(key, amount, period)
    local used = kept(key, 2 ^ 41)
    local left = redis.call('PTTL', key) * 1000
    if left < 0 then
        left = period
    elseif left > period + 1000 then
        -- The clock was set back.
        left = period
        expire(key, period)
    end
    return used, left, used == 0 and 0 or left, function()
        redis.call('INCRBY', key, whole(cost))
        if redis.call('PTTL', key) < 0 then
            expire(key, period)
        end
        return left
    end
end

-- The time of each use in a sorted set: exact, and as large as the amount.
function algorithms.log(key, amount, period)
    ask('ZREMRANGEBYSCORE', key, '-inf', whole(now - period))
    -- Uses to come, since the clock was set back, count as of now.
    for _, use in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. whole(now), '+inf')) do
        redis.call('ZADD', key, whole(now), use)
    end
    local used = redis.call('ZCARD', key)
    local wait, reset = 0, 0
    if used > 0 then
        local newest = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
        reset = newest[2] + period - now
        local mustGo = used + cost - amount
        if mustGo > 0 and mustGo <= used then
            local last = redis.call('ZRANGE', key, whole(mustGo - 1), whole(mustGo - 1), 'WITHSCORES')
            wait = last[2] + period - now
        end
    end
    return used, wait, reset, function()
        local words = {'ZADD', key}
        for i = 1, cost do
            -- Uses of the same microsecond differ in how many there were before.
            words[#words + 1] = whole(now)
            words[#words + 1] = whole(now) .. '-' .. whole(used + i)
            if #words > 1000 or i == cost then
                redis.call(unpack(words))
                words = {'ZADD', key}
            end
        end
        expire(key, period)
        return period
    end
end

-- Two counters: of this period, and of the last one, which weighs less the longer it is over.
function algorithms.counter(key, amount, period)
    local state = ask('HMGET', key, 'period', 'current', 'last')
    if not state[1] and redis.call('EXISTS', key) == 1 then
        error({err = 'ERR the key of a limit holds something else'})
    end
    local number = math.floor(now / period)
    local into = now - number * period
    local current, last = 0, 0
    if tonumber(state[1]) == number then
        current, last = tonumber(state[2]), tonumber(state[3])
    elseif tonumber(state[1]) == number - 1 then
        last = tonumber(state[2])
    end
    local used = last * (1 - into / period) + current
    local wait
    if current + cost <= amount then
        wait = last == 0 and 0 or period * (1 - (amount - current - cost) / last) - into
    else
        wait = period - into + math.max(0, period * (1 - (amount - cost) / current))
    end
    local reset = current > 0 and 2 * period - into or last > 0 and period - into or 0
    return used, wait, reset, function()
        redis.call('HSET', key, 'period', whole(number), 'current', whole(current + cost), 'last', whole(last))
        expire(key, 2 * period - into)
        return 2 * period - into
    end
end

-- The generic cell rate algorithm: a bucket of tokens, as the time at which it will be full again.
function algorithms.bucket(key, amount, period, burst)
    local interval = period / amount
    local full = math.max(now, kept(key, math.huge))
    if full > now + burst * interval + 1 then
        -- It cannot be emptier than empty, unless the clock was set back.
        full = now + burst * interval
        redis.call('SET', key, whole(full), 'PX', whole(math.max(1, math.ceil((full - now) / 1000))))
    end
    local used = (full - now) / interval
    return used, full + cost * interval - burst * interval - now, full - now, function()
        local after = full + cost * interval
        redis.call('SET', key, whole(after), 'PX', whole(math.max(1, math.ceil((after - now) / 1000))))
        return after - now
    end
end

local allowed, limit, remaining, retry, reset = 1, 0, math.huge, 0, 0
local takers = {}
for i, key in ipairs(KEYS) do
    local at = 3 + (i - 1) * 4
    local amount, period, burst = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
    local used, wait, empty, taker = algorithms[ARGV[at]](key, amount, period, burst)
    -- Counted in fractions, the last token may fall short by less than can be told apart.
    local fits = used + cost <= burst + 1e-6
    if not fits then
        allowed = 0
        retry = (retry == -1 or cost > burst) and -1 or math.max(retry, wait, 1)
    end
    local left = math.max(0, burst - used)
    if left < remaining then
        limit, remaining = burst, left
    end
    reset = math.max(reset, empty)
    takers[i] = taker
end
if allowed == 1 and take and cost > 0 then
    for _, taker in ipairs(takers) do
        reset = math.max(reset, taker())
    end
    remaining = remaining - cost
end
return {allowed, limit, math.max(0, math.floor(remaining + 1e-6)), math.ceil(retry), math.ceil(reset)}
