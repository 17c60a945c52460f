-- Adds messages that come to their queue later.
--
-- ARGV     prefix, the worker, the queue, milliseconds, messages
-- answers  how many

for i = 5, #ARGV do
    delay(newToken(ARGV[2]), ARGV[3], 0, ARGV[i], ARGV[4])
end
return #ARGV - 4
