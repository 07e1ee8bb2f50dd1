-- Begins an epoch later than `last` and than the clock's time. Ids of a new epoch come after those of all before.
local function new_epoch(head, last)
  local time = redis.call('TIME')
  local epoch = math.max(time[1] * 1000 + math.floor(time[2] / 1000), last + 1)
  epoch = string.format('%.0f', epoch)
  redis.call('HSET', head, 'epoch', epoch)
  return epoch
end

-- An entry's id: epoch, and the bytes of all records of the partition up to and including the entry's own.
local function next_id(head, epoch, partition, bytes)
  local finish = redis.call('HINCRBY', head, 'end:' .. partition, bytes)
  return epoch .. '-' .. string.format('%.0f', finish)
end

-- The first part of the last id that a stream has ever given.
local function last_epoch(stream)
  local facts = redis.call('XINFO', 'STREAM', stream)
  for at = 1, #facts, 2 do
    if facts[at] == 'last-generated-id' then
      return tonumber(string.match(facts[at + 1], '%d+'))
    end
  end
  return 0
end
