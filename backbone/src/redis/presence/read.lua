-- Reads who is in a channel, in the order of the names.
--
-- KEYS as in change.lua
-- ARGV 1 from which name on, as ZRANGEBYLEX has it; 2 how many
--
-- Answers: how many connections and users; the leases; name, record, name, record ...
local call = redis.call
local counts = struct.pack('>I8I8', call('HLEN', KEYS[1]),
  call('HLEN', KEYS[3]) + (tonumber(call('HGET', KEYS[4], '')) or 0))
local answer = { counts, call('HKEYS', KEYS[4]) }
local names = call('ZRANGEBYLEX', KEYS[2], ARGV[1], '+', 'LIMIT', 0, ARGV[2])
-- A call takes so many arguments at most.
for first = 1, #names, 1000 do
  local some = { unpack(names, first, math.min(first + 999, #names)) }
  for index, record in ipairs(call('HMGET', KEYS[1], unpack(some))) do
    if record then
      answer[#answer + 1], answer[#answer + 2] = some[index], record
    end
  end
end
return answer
