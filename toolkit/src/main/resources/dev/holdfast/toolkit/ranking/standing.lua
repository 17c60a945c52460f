-- Where members of a board stand.
--
-- KEYS     board, order, scores
-- ARGV     "high" or "low"; "time" or "name"; "dense" or ""; then the members
-- answers  how many there are; then for each member its score, how many come before it, how many have a better score, and how
--          many better scores there are (-1 where they are not counted); or four times nothing

local high, byTime, dense = ARGV[1] == 'high', ARGV[2] == 'time', ARGV[3] == 'dense'

local function better(key, score)
    if high then
        return redis.call('ZCOUNT', key, '(' .. score, '+inf')
    end
    return redis.call('ZCOUNT', key, '-inf', '(' .. score)
end

local answers = {redis.call('ZCARD', KEYS[1])}
for i = 4, #ARGV do
    local stored = ARGV[i]
    if byTime then
        stored = (redis.call('HGET', KEYS[2], stored) or '') .. stored
    end
    local score = redis.call('ZSCORE', KEYS[1], stored)
    if score then
        answers[#answers + 1] = score
        answers[#answers + 1] = redis.call(high and 'ZREVRANK' or 'ZRANK', KEYS[1], stored)
        answers[#answers + 1] = better(KEYS[1], score)
        answers[#answers + 1] = dense and better(KEYS[3], score) or -1
    else
        for _ = 1, 4 do
            answers[#answers + 1] = false
        end
    end
end
return answers
