-- A worker's heartbeat: says that it lives, gives up what is beyond its share, takes what is free up to its share.
-- KEYS: the workers, by the time they are believed to live; the owner of each partition, who owns it while he lives.
-- ARGV: the worker, milliseconds it is believed to live, the number of partitions. Gives the partitions it has.
local me, partitions = ARGV[1], tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), me)
-- Nobody is believed in for longer than that, also if the clock was set back meanwhile.
for _, worker in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now + tonumber(ARGV[2]), '+inf')) do
  redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), worker)
end

-- By name, so that all come to the same shares: as many for each, one more for the first few.
local workers = redis.call('ZRANGE', KEYS[1], 0, -1)
table.sort(workers)
local lives, share = {}, math.floor(partitions / #workers)
for place, worker in ipairs(workers) do
  lives[worker] = true
  if worker == me and place <= partitions % #workers then
    share = share + 1
  end
end

local owners, owned = {}, redis.call('HGETALL', KEYS[2])
for at = 1, #owned, 2 do
  owners[tonumber(owned[at])] = owned[at + 1]
end
local mine, free = {}, {}
for partition = 0, partitions - 1 do
  local owner = owners[partition]
  if owner == me then
    table.insert(mine, partition)
  elseif not owner or not lives[owner] then
    table.insert(free, partition)
  end
end
while #mine > share do
  redis.call('HDEL', KEYS[2], table.remove(mine))
end
for _, partition in ipairs(free) do
  if #mine >= share then
    break
  end
  redis.call('HSET', KEYS[2], partition, me)
  table.insert(mine, partition)
end
return mine
