-- What nodes tell of their keys. KEYS: the nodes, by the time they are believed; what each told.
-- ARGV: the node, milliseconds it is believed, what it tells. Gives what the others told.
local me, believed = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local silent = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
for _, node in ipairs(silent) do
  redis.call('HDEL', KEYS[2], node)
end
redis.call('ZADD', KEYS[1], now + believed, me)
redis.call('HSET', KEYS[2], me, ARGV[3])
-- Nobody is believed for longer than that, also if the clock was set back meanwhile.
for _, node in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now + believed, '+inf')) do
  redis.call('ZADD', KEYS[1], now + believed, node)
end
redis.call('PEXPIRE', KEYS[1], 2 * believed)
redis.call('PEXPIRE', KEYS[2], 2 * believed)

local others, told = {}, redis.call('HGETALL', KEYS[2])
for at = 1, #told, 2 do
  if told[at] ~= me then
    table.insert(others, told[at + 1])
  end
end
return others
