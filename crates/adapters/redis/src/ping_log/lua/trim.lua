-- Forgets a partition's entries before an id. KEYS: the head, the stream. ARGV: the partition, the first id to keep,
-- the second part of the last id to forget. Gives the bytes of all records that still wait.
local head, stream, partition = KEYS[1], KEYS[2], ARGV[1]
local removed = redis.call('XTRIM', stream, 'MINID', ARGV[2])
local marks = redis.call('HMGET', head, 'start:' .. partition, 'end:' .. partition)
local start, finish = tonumber(marks[1] or 0), tonumber(marks[2] or 0)
local now = start
if redis.call('XLEN', stream) == 0 then
  now = finish
elseif removed > 0 then
  now = math.min(math.max(start, tonumber(ARGV[3])), finish)
end
if now ~= start then
  redis.call('HSET', head, 'start:' .. partition, string.format('%.0f', now))
  redis.call('HINCRBY', head, 'bytes', string.format('%.0f', start - now))
end
return tonumber(redis.call('HGET', head, 'bytes') or 0)
