-- Counts one attempt (generic cell rate algorithm). KEYS: the counter, which holds the time at which all is whole again.
-- ARGV: microseconds in which one attempt comes back, how many there are. Gives 0, or the microseconds to wait.
local each, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local whole_at = tonumber(redis.call('GET', KEYS[1]) or now)
-- Never more than all is used up, even if the clock was set back.
whole_at = math.min(math.max(whole_at, now), now + each * burst) + each
local wait = whole_at - now - each * burst
if wait > 0 then
  return wait
end
redis.call('SET', KEYS[1], string.format('%.0f', whole_at), 'PX', math.ceil((whole_at - now) / 1000))
return 0
