-- Forgets a partition's entries up to an id. KEYS: the head, the stream. ARGV: the partition, the two parts of the id, the
-- first id to keep.
local head, stream, partition = KEYS[1], KEYS[2], ARGV[1]
local major, minor = tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('XTRIM', stream, 'MINID', ARGV[4])
local base_of, gone_of = 'base:' .. partition, 'gone:' .. partition
local marks = redis.call('HMGET', head, 'end:' .. partition, base_of, gone_of)
local finish, base = tonumber(marks[1] or 0), tonumber(marks[2] or 0)
local gone_major, gone_minor = string.match(marks[3] or '0-0', '(%d+)-(%d+)')
gone_major, gone_minor = tonumber(gone_major), tonumber(gone_minor)
if major > gone_major or (major == gone_major and minor > gone_minor) then
  base = math.max(base, math.min(minor, finish))
  redis.call('HSET', head, base_of, string.format('%.0f', base), gone_of, ARGV[2] .. '-' .. ARGV[3])
end
return 0
