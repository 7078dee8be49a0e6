-- Lets the publishers of an idle channel expire: while nobody publishes, publish.lua does not turn generations.
--
-- KEYS 1 tip, 2 log, 3 old (as in publish.lua)
-- ARGV 1 de-duplication window, ms; 2 now, ms
--
-- Answers 0 where the young generation is too young.
local call, dedup, now = redis.call, tonumber(ARGV[1]), tonumber(ARGV[2])
local state = call('HGET', KEYS[1], '')
if not state or #state ~= 48 or call('HLEN', KEYS[1]) == 1 then
  return 1
end
if math.abs(now - struct.unpack('>I8', state, 41)) < dedup then
  return 0
end
local lives = call('PTTL', KEYS[1])
call('RENAME', KEYS[1], KEYS[3])
call('PEXPIRE', KEYS[3], dedup)
call('HSET', KEYS[1], '', string.sub(state, 1, 40) .. struct.pack('>I8', now))
if lives > 0 then
  call('PEXPIRE', KEYS[1], lives)
end
return 1
