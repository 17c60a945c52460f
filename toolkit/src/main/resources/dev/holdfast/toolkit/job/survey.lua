-- Counts jobs.
--
-- ARGV     queues
-- answers  how many are scheduled, active, dead, done; the counters processed, failed, retried, recovered, dead, cancelled; then for
--          each queue how many are pending, the milliseconds since the oldest of them was added (-1: there is none), and whether it is
--          paused

local answers = {}
for _, what in ipairs({'scheduled', 'active', 'dead', 'done'}) do
    answers[#answers + 1] = redis.call('ZCARD', key(what))
end
for _, counter in ipairs({'processed', 'failed', 'retried', 'recovered', 'dead', 'cancelled'}) do
    answers[#answers + 1] = tonumber(redis.call('HGET', key('count'), counter) or 0)
end
for _, queue in ipairs(ARGV) do
    local list = key('pending:' .. queue)
    local oldest = redis.call('LINDEX', list, -1)
    local job = oldest and load(oldest)
    answers[#answers + 1] = redis.call('LLEN', list)
    answers[#answers + 1] = job and now - job.c or -1
    answers[#answers + 1] = redis.call('SISMEMBER', key('paused'), queue)
end
return answers
