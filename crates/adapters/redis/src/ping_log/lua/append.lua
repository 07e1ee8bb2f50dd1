-- Appends entries. KEYS: the head, the stream of each entry. ARGV: the number of partitions; of each entry its
-- partition, the bytes of its records, itself. Gives the bytes of all records that wait.
local head, sum = KEYS[1], 0
local epoch = redis.call('HGET', head, 'epoch')
if not epoch then
  redis.call('HSETNX', head, 'partitions', ARGV[1])
  epoch = new_epoch(head, 0)
end
for key = 2, #KEYS do
  local arg = key * 3 - 4
  local partition, bytes, entry = ARGV[arg], tonumber(ARGV[arg + 1]), ARGV[arg + 2]
  sum = sum + bytes
  local added = redis.pcall('XADD', KEYS[key], next_id(head, epoch, partition, bytes), 'e', entry)
  if type(added) == 'table' and added.err and string.find(added.err, 'equal or smaller', 1, true) then
    -- Something else has written into the stream, with a later id. Go on behind it.
    epoch = new_epoch(head, math.max(tonumber(epoch), last_epoch(KEYS[key])))
    added = redis.pcall('XADD', KEYS[key], next_id(head, epoch, partition, 0), 'e', entry)
  end
  if type(added) == 'table' and added.err then
    redis.call('HINCRBY', head, 'bytes', sum)
    return added
  end
end
return redis.call('HINCRBY', head, 'bytes', sum)
