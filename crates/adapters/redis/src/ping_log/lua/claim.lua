-- Makes the log, or finds out whether it is the one that is expected; then begins an epoch and writes all marks down as
-- they are. Whoever is to append calls this first on each connection, so that it comes before all else that is
-- acknowledged by a Redis that was started again: its file may end in half a transaction of the run before. Redis does
-- without that half now, but plays it back at the next start, ahead of whatever was written after it (redis before the fix of
-- valkey-io/valkey#4342). So what comes after must not depend on it: neither ids nor marks.
-- KEYS: the head. ARGV: the number of partitions, the format. Gives both as they are stored.
local head = KEYS[1]
local stored = redis.call('HMGET', head, 'partitions', 'format', 'epoch')
local partitions, format = tonumber(stored[1] or ARGV[1]), tonumber(stored[2] or ARGV[2])
if partitions ~= tonumber(ARGV[1]) or format > tonumber(ARGV[2]) then
  return {partitions, format}
end
redis.call('HSET', head, 'partitions', partitions, 'format', format)
new_epoch(head, tonumber(stored[3] or 0))
local bytes = 0
for partition = 0, partitions - 1 do
  local start, finish, base = 'start:' .. partition, 'end:' .. partition, 'base:' .. partition
  local gone = 'gone:' .. partition
  local marks = redis.call('HMGET', head, start, finish, base, gone)
  bytes = bytes + tonumber(marks[2] or 0) - tonumber(marks[1] or 0)
  redis.call('HSET', head, start, marks[1] or 0, finish, marks[2] or 0)
  -- A release that kept nothing had forgotten all that was settled.
  redis.call('HSET', head, base, marks[3] or marks[1] or 0, gone, marks[4] or '0-0')
end
redis.call('HSET', head, 'bytes', string.format('%.0f', bytes))
return {partitions, format}
