-- The ledger stands at an id of a partition. KEYS: the head. ARGV: the partition, the two parts of the id. Gives the bytes
-- of all records that still wait; of the partition the bytes of all records ever settled and ever forgotten; the last id
-- that was forgotten; and the two parts of the last id that was given at all.
local head, partition = KEYS[1], ARGV[1]
local start_of, base_of = 'start:' .. partition, 'base:' .. partition
local marks = redis.call('HMGET', head, 'epoch', 'end:' .. partition, start_of, base_of, 'gone:' .. partition)
local epoch, finish, start = tonumber(marks[1] or 0), tonumber(marks[2] or 0), tonumber(marks[3] or 0)
local base = tonumber(marks[4] or start)
local now = finish
if tonumber(ARGV[2]) <= epoch then
  now = math.max(math.min(tonumber(ARGV[3]), finish), base)
end
if now ~= start then
  -- A Redis without memory lets a script go on that has written, and this it lets begin. Without it nothing would be
  -- worked off ever again.
  redis.call('HDEL', head, 'nothing')
  redis.call('HSET', head, start_of, string.format('%.0f', now))
  redis.call('HINCRBY', head, 'bytes', string.format('%.0f', start - now))
end
return {tonumber(redis.call('HGET', head, 'bytes') or 0), now, base, marks[5] or '0-0', epoch, finish}
