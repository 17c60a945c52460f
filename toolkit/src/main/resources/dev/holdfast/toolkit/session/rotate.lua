-- Gives a session another key in the same slot, if it is still there.
-- KEYS[1] the old key, KEYS[2] the new one
if redis.call('EXISTS', KEYS[1]) == 0 then
    return 0
end
redis.call('RENAME', KEYS[1], KEYS[2])
return 1
