"""The limiter's steps, each atomic in Valkey and by Valkey's clock, in microseconds.

KEYS of all: state, usage, stopped, health. The state: ``tat``, when the budget is as good as new (GCRA); ``share``, the
same for what a lane may have at most; ``floor:<lane>``, from when on a lane has a right to one call; ``cool`` until,
after a 429, and the ``step`` of its doubling; ``slow`` since; ``open`` and ``probe``, of a host that fails.
"""

from __future__ import annotations

_NOW = """
local time = redis.call('time')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local function number(name) return tonumber(redis.call('hget', KEYS[1], name) or '0') end
local function set(name, value) redis.call('hset', KEYS[1], name, string.format('%.0f', value)) end
"""

# ARGV: lane, microseconds per call, tolerance of the whole, headroom, floor, share (0 is none), limit of the share.
# Answers go and whether it is the probe, or why not and microseconds to wait.
ASK = (
    _NOW
    + """
if redis.call('exists', KEYS[3]) == 1 then return {'stopped', 60000000} end
local cool = number('cool')
if cool > now then return {'cooldown', cool - now} end
local is_probe = 0
if number('open') == 1 then
    local probe = number('probe')
    if probe > now then return {'host', probe - now} end
    is_probe = 1
end
local lane, cost, tolerance = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local headroom, floor, share = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local slow = number('slow')
if slow > 0 then
    cost = cost / math.min(1, 0.1 * 2 ^ math.floor((now - slow) / 60000000))
end
local start = math.max(number('tat'), now)
local wait = start + cost - now - math.max(tolerance * headroom, cost)
if wait > 0 and floor > 0 then
    local whole = start + cost - now - math.max(tolerance, cost)
    wait = math.min(wait, math.max(whole, number('floor:' .. lane) - now))
end
local share_start = 0
if share > 0 then
    share_start = math.max(number('share:' .. lane), now)
    wait = math.max(wait, share_start + cost / share - now - math.max(tolerance, cost / share))
end
if wait > 0 then return {'budget', math.ceil(wait)} end
set('tat', start + cost)
if floor > 0 then set('floor:' .. lane, now + cost / floor) end
if share > 0 then set('share:' .. lane, share_start + cost / share) end
if is_probe == 1 then set('probe', now + 60000000) end
redis.call('expire', KEYS[1], 7200)
local minute = math.floor(now / 60000000)
redis.call('hincrby', KEYS[2], minute .. ':' .. lane, 1)
redis.call('expire', KEYS[2], 7200)
if redis.call('hlen', KEYS[2]) > 400 then
    for _, field in ipairs(redis.call('hkeys', KEYS[2])) do
        if tonumber(string.match(field, '^%d+')) <= minute - 60 then redis.call('hdel', KEYS[2], field) end
    end
end
return {'go', is_probe}
"""
)

# ARGV: microseconds that the answer asked for, or -1. Calls that were under way when another was refused do not double
# the pause once more. Answers until when it lasts, in microseconds from now.
COOL_DOWN = (
    _NOW
    + """
local asked = tonumber(ARGV[1])
local cool, slow, step = number('cool'), number('slow'), number('step')
if cool > now then
    cool = math.max(cool, now + asked)
else
    if now - slow > 900000000 then step = 0 end
    local pause = asked
    if asked < 0 then pause = math.min(60000000 * 2 ^ step, 900000000) end
    cool = now + pause
    set('step', step + 1)
end
set('cool', cool)
set('slow', cool)
redis.call('expire', KEYS[1], 7200)
return math.ceil(cool - now)
"""
)

# ARGV: 1 for a failure, else 0; 1 for the probe; calls before a share of failures means anything.
# Answers 1 when the host was given up just now, -1 when it is well again, else 0.
NOTE = (
    _NOW
    + """
local failed, is_probe = ARGV[1] == '1', ARGV[2] == '1'
local is_open = number('open') == 1
if is_open and is_probe and not failed then
    redis.call('hdel', KEYS[1], 'open', 'probe')
    redis.call('del', KEYS[4])
    return -1
end
local slot = math.floor(now / 10000000)
redis.call('hincrby', KEYS[4], slot .. (failed and ':failed' or ':fine'), 1)
redis.call('expire', KEYS[4], 300)
if is_open or not failed then return 0 end
local all, bad = 0, 0
local slots = redis.call('hgetall', KEYS[4])
for place = 1, #slots, 2 do
    if tonumber(string.match(slots[place], '^%d+')) <= slot - 12 then
        redis.call('hdel', KEYS[4], slots[place])
    else
        local count = tonumber(slots[place + 1])
        all = all + count
        if string.find(slots[place], 'failed', 1, true) then bad = bad + count end
    end
end
if all < tonumber(ARGV[3]) or bad * 2 <= all then return 0 end
set('open', 1)
set('probe', now + 60000000)
redis.call('expire', KEYS[1], 7200)
return 1
"""
)

# Answers the fields and counts of the last 60 minutes.
USAGE = (
    _NOW
    + """
local minute = math.floor(now / 60000000)
local found = {}
local fields = redis.call('hgetall', KEYS[2])
for place = 1, #fields, 2 do
    if tonumber(string.match(fields[place], '^%d+')) > minute - 60 then
        table.insert(found, fields[place])
        table.insert(found, fields[place + 1])
    end
end
return found
"""
)
