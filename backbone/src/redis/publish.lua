-- Appends one publication to a channel's log and announces it, as one step; or says why not.
--
-- KEYS 1 tip: a hash; under '' the log's state, under each publisher's 8 bytes its newest publication
--      2 log: the stream; entry OFFSET-0 holds, under '', the message of this publication
--      3 old: the hash of the publishers before the youngest de-duplication window
-- ARGV 1 numbers, see below; 2 publisher; 3 body; 4 the pub/sub channel
--
-- Four calls in the steady state. What only has to happen now and then, expiry above all, hangs on timestamps in
-- the state. `now` comes from the node, which set its clock by this server's TIME.
local id, seq, fresh, entries, limit, age, dedup, ttl, now, weight, force, announce =
  struct.unpack('>c8I8c8I4I8I8I8I8I8I4BB', ARGV[1])
local STATE, NEWEST = '>I8c8I8I8I8I8', '>I8I8c8'
local call, publisher = redis.call, ARGV[2]

local got = call('HMGET', KEYS[1], '', publisher)
local state, known = got[1], got[2]
-- What is not ours counts as nothing: the log begins anew, the publisher is unknown.
if state and #state ~= 48 then
  state = nil
end
local offset, tag, bytes, floor, touched, since = 0, fresh, 0, 0, 0, now
if state then
  offset, tag, bytes, floor, touched, since = struct.unpack(STATE, state)
  if math.abs(now - since) >= dedup then
    -- The young generation of publishers becomes the old one, which expires whether or not anyone publishes. On
    -- its way to another server a slot takes no new keys by RENAME; then it turns later.
    if not redis.pcall('RENAME', KEYS[1], KEYS[3]).err then
      call('PEXPIRE', KEYS[3], dedup)
      since, touched = now, now
      call('HSET', KEYS[1], '', struct.pack(STATE, offset, tag, bytes, floor, touched, since))
      call('PEXPIRE', KEYS[1], ttl)
      call('PEXPIRE', KEYS[2], math.ceil(age * 1.25))
    end
  end
  if not known then
    known = call('HGET', KEYS[3], publisher)
  end
end

local last = 0
if known and #known == 24 then
  last = struct.unpack('>I8', known)
  if seq == last then
    return '=' .. string.sub(known, 9)
  end
end
if seq <= last then
  return '='
end
local missing = seq - last - 1
if missing > 0 and force == 0 then
  return '<' .. struct.pack('>I8', last)
end

if not state then
  -- What is left of a log that lost its tip belongs to another history.
  call('UNLINK', KEYS[2])
  call('UNLINK', KEYS[3])
end
local before = tag
offset = offset + 1
tag = string.sub(redis.sha1hex(before .. id), 1, 8)
local message = struct.pack('>BI8c8c8I8I8', 1, offset, tag, before, missing, bytes) .. ARGV[3]
bytes = bytes + weight
call('XADD', KEYS[2], 'MAXLEN', entries, offset .. '-0', '', message)

-- `floor` is at most the bytes before the oldest entry: as long as the difference is small, nobody need look.
if bytes - floor > limit + limit / 8 then
  local function bytes_before(entry)
    -- What is not ours has nothing before it, so that it goes with what is too old.
    local message = entry[2][2]
    return #message >= 41 and (struct.unpack('>I8', message, 34)) or 0
  end
  local oldest = call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
  floor = bytes_before(oldest)
  if bytes - floor > limit + limit / 8 then
    -- Offsets are dense: the first entry that may stay is found by halving.
    local low, high = tonumber(string.match(oldest[1], '^%d+')), offset
    while low < high do
      local middle = math.floor((low + high) / 2)
      local entry = call('XRANGE', KEYS[2], middle .. '-0', '+', 'COUNT', 1)[1]
      if bytes - bytes_before(entry) <= limit then high = middle else low = middle + 1 end
    end
    call('XTRIM', KEYS[2], 'MINID', high .. '-0')
    floor = bytes_before(call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1])
  end
end

if math.abs(now - touched) >= age / 4 then
  touched = now
  call('PEXPIRE', KEYS[2], math.ceil(age * 1.25))
  call('PEXPIRE', KEYS[1], ttl)
end
call('HSET', KEYS[1], '', struct.pack(STATE, offset, tag, bytes, floor, touched, since),
  publisher, struct.pack(NEWEST, seq, offset, tag))
if announce == 1 then
  message = struct.pack('>BI8c8', 2, offset, tag)
end
call('SPUBLISH', ARGV[4], message)
return '+' .. struct.pack('>I8c8I8', offset, tag, missing)
