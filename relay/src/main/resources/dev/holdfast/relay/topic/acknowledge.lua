-- Moves what a client has acknowledged forward, never back.
--
-- KEYS     hash of clients to ids
-- ARGV     client, id
-- answers  1 if it has moved

local function parts(id)
    local a, b = string.match(id, '^(%d+)-(%d+)$')
    return tonumber(a), tonumber(b)
end

local before = redis.call('HGET', KEYS[1], ARGV[1])
if before then
    local a, b = parts(before)
    local c, d = parts(ARGV[2])
    if c < a or c == a and d <= b then
        return 0
    end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
