-- Counts requests by the generic cell rate algorithm, with the store's clock.
-- KEYS[1]: the time at which the client will have its whole quota again.
-- ARGV: the time for one request in microseconds; the quota; how many requests are wanted.
-- Returns how many are admitted and how many remain; or 0 and the microseconds until the next.
local time = redis.call('TIME')
-- Since 2025, so that a double holds small parts of a microsecond.
local now = (time[1] - 1735689600) * 1000000 + time[2]
local interval, quota, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = math.max(now, tonumber(redis.call('GET', KEYS[1]) or now) or now)
-- Never more than a whole quota ahead, also after the store's clock was set back.
full = math.min(full, now + quota * interval)
-- A hundredth of a microsecond makes up for what rounding took.
local room = math.floor((now + quota * interval - full + 0.01) / interval)
local admitted = math.min(room, wanted)
if admitted < 1 then
  return {0, math.ceil(full + interval - quota * interval - now)}
end
full = full + admitted * interval
redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', math.ceil((full - now) / 1000) + 1)
return {admitted, room - admitted}
