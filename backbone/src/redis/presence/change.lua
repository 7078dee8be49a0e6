-- Changes who is in a channel, and announces what that changes, as one step.
--
-- KEYS 1 members: a hash; under each connection's name its record: the lease (12 bytes) and the body (see record.rs)
--      2 names: a sorted set of the names, for their order
--      3 users: a hash; how many connections each user has
--      4 leases: a hash; how many members are filed under each lease, and under '' how many are anonymous
-- ARGV 1 how long the keys are kept, ms; 2 the pub/sub channel; 3 a lease; 4 what to do; then
--      enter: name, body, name, body ...
--      leave: name, name ...
--      expel: the range of names in which to look for those under the lease, from and to; how many to look at
--
-- Answers: how many connections, users, and removed; the last name looked at, where there may be more; the leases.
local kept, live, lease, what = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local call = redis.call

local names, bodies, last = {}, {}, ''
if what == 'enter' then
  for index = 5, #ARGV, 2 do
    names[#names + 1], bodies[#bodies + 1] = ARGV[index], ARGV[index + 1]
  end
elseif what == 'leave' then
  names = { unpack(ARGV, 5) }
elseif call('HEXISTS', KEYS[4], lease) == 1 then
  names = call('ZRANGEBYLEX', KEYS[2], ARGV[5], ARGV[6], 'LIMIT', 0, ARGV[7])
  last = #names == tonumber(ARGV[7]) and names[#names] or ''
end
local known = #names > 0 and call('HMGET', KEYS[1], unpack(names)) or {}

local users, leases = {}, {}
local function count(record, by)
  local under, length = string.sub(record, 1, 12), struct.unpack('>I2', record, 13)
  leases[under] = (leases[under] or 0) + by
  if length == 65535 then
    leases[''] = (leases[''] or 0) + by
  else
    local user = string.sub(record, 15, 14 + length)
    users[user] = (users[user] or 0) + by
  end
end
local function news(name, record)
  return struct.pack('>I2', #name) .. name .. struct.pack('>I4', #record - 12) .. string.sub(record, 13)
end

local fields, scores, gone, joined, left = {}, {}, {}, {}, {}
for index, name in ipairs(names) do
  local before = known[index]
  if what == 'enter' then
    local record = lease .. bodies[index]
    if before ~= record then
      fields[#fields + 1], fields[#fields + 2] = name, record
      count(record, 1)
      if before then count(before, -1) else scores[#scores + 1], scores[#scores + 2] = 0, name end
      if not before or string.sub(before, 13) ~= bodies[index] then joined[#joined + 1] = news(name, record) end
    end
  elseif before and (what == 'leave' or string.sub(before, 1, 12) == lease) then
    count(before, -1)
    gone[#gone + 1], left[#left + 1] = name, news(name, before)
  end
end

if #fields > 0 then call('HSET', KEYS[1], unpack(fields)) end
if #scores > 0 then call('ZADD', KEYS[2], unpack(scores)) end
if #gone > 0 then
  call('HDEL', KEYS[1], unpack(gone))
  call('ZREM', KEYS[2], unpack(gone))
end
local function add(key, changes)
  for field, by in pairs(changes) do
    if by ~= 0 and call('HINCRBY', key, field, by) == 0 then call('HDEL', key, field) end
  end
end
add(KEYS[3], users)
add(KEYS[4], leases)
for _, key in ipairs(KEYS) do
  if call('PTTL', key) < kept / 2 then call('PEXPIRE', key, kept) end
end

local counts = struct.pack('>I8I8', call('HLEN', KEYS[1]),
  call('HLEN', KEYS[3]) + (tonumber(call('HGET', KEYS[4], '')) or 0))
if #joined + #left > 0 then
  call('SPUBLISH', live,
    struct.pack('>B', 4) .. counts .. struct.pack('>I4', #joined) .. table.concat(joined) .. table.concat(left))
end
return { counts .. struct.pack('>I4', #left), last, call('HKEYS', KEYS[4]) }
