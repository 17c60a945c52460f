-- Adds jobs.
--
-- ARGV     the job that awaits these ("" for none); a schedule and when it was due ("" and 0 for none); then for each job 13 words:
--          id, payload, queue, type, most attempts, milliseconds it may run, milliseconds to keep it, deadline, headers, delay in
--          milliseconds (-1: it awaits others), unique key (""), "start" or "done", milliseconds of uniqueness at most (0: no limit)
-- answers  for each job its id, or "!" and that of the job that stands in its way; nothing if the schedule's time has been served

if ARGV[2] ~= '' then
    local last = tonumber(redis.call('HGET', key('cron'), ARGV[2]) or 0)
    if last >= tonumber(ARGV[3]) then
        return {}
    end
    redis.call('HSET', key('cron'), ARGV[2], ARGV[3])
end

local answers, added, pending = {}, 0, {}
loadArguments(4, 13)
for i = 4, #ARGV, 13 do
    local id, delay = ARGV[i], tonumber(ARGV[i + 9])
    local unique, lasts = ARGV[i + 10], tonumber(ARGV[i + 12])
    local other
    if load(id) then
        other = id
    elseif unique ~= '' then
        other = redis.call('HGET', key('unique'), unique)
        local holder = other and load(other)
        if other and (not holder or holder.g and holder.g <= now) then
            other = nil
        end
    end
    if other then
        answers[#answers + 1] = '!' .. other
    else
        local job = {
            q = ARGV[i + 2], t = ARGV[i + 3], m = tonumber(ARGV[i + 4]), o = tonumber(ARGV[i + 5]), k = tonumber(ARGV[i + 6]),
            e = tonumber(ARGV[i + 7]), h = ARGV[i + 8], c = now, a = 0, r = 0,
        }
        if unique ~= '' then
            job.u, job.x = unique, ARGV[i + 11]
            if lasts > 0 then
                job.g = now + lasts
            end
            redis.call('HSET', key('unique'), unique, id)
        end
        if ARGV[1] ~= '' then
            job.b = ARGV[1]
            redis.call('HINCRBY', key('batch'), ARGV[1], 1)
        end
        payloads[#payloads + 1] = id
        payloads[#payloads + 1] = ARGV[i + 1]
        if delay < 0 then
            job.s = 'awaiting'
            -- One more than those it awaits, until all of them have been added.
            redis.call('HSET', key('batch'), id, 1)
        elseif delay > 0 then
            schedule(id, job, now + delay, 'scheduled')
        else
            job.s = 'pending'
            pending[job.q] = pending[job.q] or {}
            table.insert(pending[job.q], id)
            added = added + 1
        end
        save(id, job)
        answers[#answers + 1] = id
    end
end
for queue, these in pairs(pending) do
    callAll('LPUSH', key('pending:' .. queue), these)
end
if added > 0 then
    wake(added)
end
return answers
