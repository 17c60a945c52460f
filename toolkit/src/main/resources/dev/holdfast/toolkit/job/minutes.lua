-- Shows how often what has happened in each minute.
--
-- ARGV     how many minutes, up to the present one
-- answers  for each minute in which something has happened: its beginning, then counters and their numbers

local last = math.floor(now / 60000)
local first = last - ARGV[1] + 1
local byMinute = {}
for hour = math.floor(first / 60), math.floor(last / 60) do
    local all = redis.call('HGETALL', key('minutes:' .. whole(hour)))
    for i = 1, #all, 2 do
        local minute, what = string.match(all[i], '(%d+):(.*)')
        minute = tonumber(minute)
        if minute >= first and minute <= last then
            byMinute[minute] = byMinute[minute] or {whole(minute * 60000)}
            table.insert(byMinute[minute], what)
            table.insert(byMinute[minute], all[i + 1])
        end
    end
end
local answers = {}
for minute = first, last do
    if byMinute[minute] then
        answers[#answers + 1] = byMinute[minute]
    end
end
return answers
