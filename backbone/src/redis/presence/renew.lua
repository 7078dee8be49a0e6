-- Renews a lease, and reads all that there are.
--
-- KEYS 1 a sorted set: the leases, by when each was renewed, ms by this server's clock
-- ARGV 1 the lease; 2 for how long one that is not renewed is remembered, ms
--
-- Answers: lease, its age, lease, its age ... with the age before for the renewed one; where it is new, without it.
local call, key = redis.call, KEYS[1]
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
call('ZREMRANGEBYSCORE', key, '-inf', now - ARGV[2])
local leases = call('ZRANGE', key, 0, -1, 'WITHSCORES')
for index = 2, #leases, 2 do
  leases[index] = math.max(0, now - leases[index])
end
call('ZADD', key, now, ARGV[1])
call('PEXPIRE', key, ARGV[2])
return leases
