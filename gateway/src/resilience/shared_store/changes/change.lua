-- KEYS: the changes, and the latest change of each target.
-- ARGV: this gateway; then for each change the route, the path or nothing for all, and the target.
for i = 2, #ARGV, 3 do
  local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', 10000, '*',
    'by', ARGV[1], 'route', ARGV[i], 'path', ARGV[i + 1])
  redis.call('HSET', KEYS[2], ARGV[i + 2], id)
end
