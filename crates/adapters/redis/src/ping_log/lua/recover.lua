-- Puts a partition behind a reader that stands later than all ids it has given: Redis has lost what came before, or has
-- been replaced by an older copy. Entries there are given ids that the reader has yet to come to.
-- KEYS: the head, the stream. ARGV: the partition, the two parts of the reader's position. Gives how many were moved, or
-- -1 if there was nothing to do.
local head, stream, partition = KEYS[1], KEYS[2], ARGV[1]
local major, minor = tonumber(ARGV[2]), tonumber(ARGV[3])
local marks = redis.call('HMGET', head, 'epoch', 'end:' .. partition)
local epoch, finish = tonumber(marks[1] or 0), tonumber(marks[2] or 0)
if epoch > major or (epoch == major and finish >= minor) then
  return -1
end
-- A number of this try's own: a try that was torn by a crash must not come back under the same ids (see the claim).
local own = tonumber(redis.call('TIME')[2])
local next_epoch = new_epoch(head, math.max(epoch, major) + own)
-- All that is there waits, also what was settled and kept, and nothing before it.
local start = tonumber(redis.call('HGET', head, 'start:' .. partition) or 0)
redis.call('HINCRBY', head, 'bytes', string.format('%.0f', start - finish))
finish = string.format('%.0f', finish)
redis.call('HSET', head, 'start:' .. partition, finish, 'base:' .. partition, finish)
local entries = redis.call('XRANGE', stream, '-', '+')
for _, entry in ipairs(entries) do
  local bytes = math.max(#entry[2][2] - 5, 1)
  redis.call('HINCRBY', head, 'bytes', bytes)
  redis.call('XADD', stream, next_id(head, next_epoch, partition, bytes), unpack(entry[2]))
  redis.call('XDEL', stream, entry[1])
end
return #entries
