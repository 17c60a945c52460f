-- Shows jobs.
--
-- ARGV     "ids" and ids; or "list", from which on, how many, and what they are: scheduled, active, dead, done, cancelled, awaiting, held,
--          or "pending" and queues; or "search", a cursor, how many to look at, state, type, part of the last failure ("" for any), and
--          between which times the last change was
-- answers  for "search" first the next cursor; then for each job that there is: id, type, queue, what it is, payload, result, progress,
--          failed attempts, most attempts, times its worker was lost, created, due, last change, last failure, headers, worker, priority,
--          key, and for "ids" its failures: of each the time, the attempt, what went wrong, stack trace, worker

local answers = {}

local function show(id, job, withFailures)
    local failures = {}
    if withFailures then
        for _, failure in ipairs(failuresOf(id)) do
            failures[#failures + 1] = {whole(failure[1]), failure[2], failure[3], failure[4], failure[5]}
        end
    end
    answers[#answers + 1] = {id, job[TYPE], job[QUEUE], job[STATE], redis.call('HGET', key('payload'), id), redis.call('HGET', key('result'), id),
        redis.call('HGET', key('progress'), id), job[FAILED], job[ATTEMPTS], job[LOST], whole(job[CREATED]), whole(job[DUE] or job[CREATED]), whole(job[CHANGED]),
        job[FAILURE] or '', job[HEADERS] or '', job[WORKER] or '', job[PRIORITY] or 0, job[KEY] or '', failures}
end

if ARGV[1] == 'search' then
    local _, _, cursor, portion, state, kind, part, since, till = unpack(ARGV, 0, 8)
    since, till, part = tonumber(since), tonumber(till), string.lower(part)
    local found = redis.call('HSCAN', key('state'), cursor, 'COUNT', portion)
    answers[1] = found[1]
    for i = 1, #found[2], 2 do
        local id = found[2][i]
        local isRead, job = pcall(cmsgpack.unpack, found[2][i + 1])
        if isRead and type(job) == 'table' and (state == '' or job[STATE] == state) and (kind == '' or job[TYPE] == kind)
            and job[CHANGED] >= since and job[CHANGED] < till and (part == '' or job[FAILURE] and string.find(string.lower(job[FAILURE]), part, 1, true)) then
            show(id, job)
        end
    end
    return answers
end

local ids = {}
if ARGV[1] == 'ids' then
    for i = 2, #ARGV do
        ids[#ids + 1] = ARGV[i]
    end
elseif ARGV[4] == 'pending' then
    local from, many = tonumber(ARGV[2]), tonumber(ARGV[3])
    -- Takes from a part of what is pending, of so many, what of it is wanted.
    local function part(size, read)
        if from < size and many > 0 then
            local found = read(from, math.min(size - from, many))
            for _, id in ipairs(found) do
                ids[#ids + 1] = id
            end
            many = many - #found
        end
        from = math.max(0, from - size)
    end
    for i = 5, #ARGV do
        local list, urgent = key('pending:' .. ARGV[i]), key('urgent:' .. ARGV[i])
        part(redis.call('ZCARD', urgent), function(first, number)
            return redis.call('ZRANGE', urgent, first, first + number - 1)
        end)
        part(redis.call('LLEN', list), function(first, number)
            -- The next one is on the right.
            local found, turned = redis.call('LRANGE', list, -first - number, -first - 1), {}
            for j = #found, 1, -1 do
                turned[#turned + 1] = found[j]
            end
            return turned
        end)
    end
else
    ids = redis.call('ZRANGE', key(ARGV[4]), ARGV[2], ARGV[2] + ARGV[3] - 1)
end
loadAll(ids)
for _, id in ipairs(ids) do
    local job = load(id)
    if job then
        show(id, job, ARGV[1] == 'ids')
    end
end
return answers
