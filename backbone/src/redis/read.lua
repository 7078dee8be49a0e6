-- Reads a log's tip and what it retains after an offset, as one step; makes the log where there is none.
--
-- KEYS 1 tip, 2 log, 3 old (as in publish.lua)
-- ARGV 1 the first offset wanted; 2 how many; 3 how long the tip is kept, ms; 4 the tag of a new log; 5 now, ms
--
-- It writes in any case, so a replica refuses it.
local state = redis.call('HGET', KEYS[1], '')
if not state or #state ~= 48 then
  redis.call('UNLINK', KEYS[2])
  redis.call('UNLINK', KEYS[3])
  state = struct.pack('>I8c8I8I8I8I8', 0, ARGV[4], 0, 0, 0, tonumber(ARGV[5]))
  redis.call('HSET', KEYS[1], '', state)
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[3], 'GT')
end
local answer = { string.sub(state, 1, 16) }
for index, entry in ipairs(redis.call('XRANGE', KEYS[2], ARGV[1], '+', 'COUNT', ARGV[2])) do
  answer[index + 1] = entry[2][2]
end
return answer
