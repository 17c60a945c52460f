-- Shows what became of a job's children.
--
-- ARGV     the job
-- answers  for each child its id, type, "done", "dead" or "cancelled", and its result or the reason

local answers = {}
local all = redis.call('HGETALL', key('children:' .. ARGV[1]))
for i = 1, #all, 2 do
    local child = cmsgpack.unpack(all[i + 1])
    answers[#answers + 1] = {all[i], child[1], child[2], child[3]}
end
return answers
