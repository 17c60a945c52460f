-- Counts jobs.
--
-- ARGV     queues
-- answers  how many are scheduled, active, dead, done, cancelled, awaiting, held; the counters added, processed, failed, retried,
--          recovered, dead, cancelled; a list of types that no worker has known, and how many jobs of each there are; then for each queue,
--          those that were given and those that were ever used: its name, how many are pending, the milliseconds since the oldest of them
--          was added (-1: there is none), and whether it is paused

local answers = {}
for _, what in ipairs({'scheduled', 'active', 'dead', 'done', 'cancelled', 'awaiting', 'held'}) do
    answers[#answers + 1] = redis.call('ZCARD', key(what))
end
for _, counter in ipairs({'added', 'processed', 'failed', 'retried', 'recovered', 'dead', 'cancelled'}) do
    answers[#answers + 1] = tonumber(redis.call('HGET', key('count'), counter) or 0)
end
answers[#answers + 1] = redis.call('HGETALL', key('unknown'))
local seen = {}
local function queue(name)
    if seen[name] then
        return
    end
    seen[name] = true
    local list, urgent = key('pending:' .. name), key('urgent:' .. name)
    local oldest = -1
    for _, id in ipairs({redis.call('LINDEX', list, -1) or '', redis.call('ZRANGE', urgent, 0, 0)[1] or ''}) do
        local job = load(id)
        if job then
            oldest = math.max(oldest, now - job[CREATED])
        end
    end
    answers[#answers + 1] = name
    answers[#answers + 1] = redis.call('LLEN', list) + redis.call('ZCARD', urgent)
    answers[#answers + 1] = oldest
    answers[#answers + 1] = redis.call('SISMEMBER', key('paused'), name)
end
for _, name in ipairs(ARGV) do
    queue(name)
end
for _, name in ipairs(redis.call('SMEMBERS', key('queues'))) do
    queue(name)
end
return answers
