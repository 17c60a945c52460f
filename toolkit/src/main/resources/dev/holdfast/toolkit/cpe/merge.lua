-- Moves products from the staged names into the dictionary; one that is not staged any more has been moved already.
-- KEYS: the staged names, the rank, its other name (or the rank again), and for each word its set and its sorted set. ARGV: for each product its name, what
-- its rank grows by, what each occurrence of a word counts, how many words follow, and for each word the number of its set among KEYS.
local i = 1
local moved = 0
while i <= #ARGV do
    local product, rank, count, words = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3])
    if redis.call('ZREM', KEYS[1], product) == 1 then
        moved = moved + 1
        redis.call('ZINCRBY', KEYS[2], rank, product)
        if KEYS[3] ~= KEYS[2] then
            redis.call('ZINCRBY', KEYS[3], rank, product)
        end
        for word = i + 4, i + 3 + words do
            local key = tonumber(ARGV[word])
            redis.call('SADD', KEYS[key], product)
            redis.call('ZINCRBY', KEYS[key + 1], count, product)
        end
    end
    i = i + 4 + words
end
return moved
