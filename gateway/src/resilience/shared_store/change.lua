-- KEYS: the changes, and the latest change of each target.
-- ARGV: this gateway; the route; the path, or nothing for all; the target; the seconds to keep.
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', 10000, '*',
  'by', ARGV[1], 'route', ARGV[2], 'path', ARGV[3])
redis.call('HSET', KEYS[2], ARGV[4], id)
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('EXPIRE', KEYS[2], ARGV[5])
return id
