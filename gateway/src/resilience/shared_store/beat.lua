-- KEYS: the gateways, each with when it was last heard of; the latest change of each target; the changes.
-- ARGV: this gateway; the seconds to keep changes.
local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 5)
redis.call('EXPIRE', KEYS[1], 60)
-- If the store has lost which targets have changed, no answer from before counts: see changes.rs.
if redis.call('HEXISTS', KEYS[2], 'since') == 0 then
  redis.call('HSET', KEYS[2], 'since', redis.call('XADD', KEYS[3], '*', 'by', ARGV[1]))
end
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('EXPIRE', KEYS[3], ARGV[2])
return redis.call('ZCARD', KEYS[1])
