-- Requests with identify events for wrk, and its results as JSON. Arguments: path, run, events per request. The events are the
-- same as in generators.mjs.

local USERS = 50000
-- A time is formatted once for so many events, so that the load takes little of the processor.
local EVENTS_A_TIME = 100

local events = 0
local path, run, events_a_request, at

function init(args)
  path, run, events_a_request = args[1], args[2], tonumber(args[3])
end

local function identify()
  if events % EVENTS_A_TIME == 0 then at = os.date('!%Y-%m-%dT%H:%M:%S.000Z') end
  local n = events
  events = events + 1
  local user = (n * 7919) % USERS
  return '{"type":"identify","messageId":"node-next-' .. run .. '-' .. n .. '","userId":"user-' .. user
    .. '","traits":{"name":"Person ' .. user .. '","email":"person.' .. user .. '@example.com","plan":"growth","country":"DE",'
    .. '"seats":' .. n % 200 .. ',"isAdmin":false},"context":{"library":{"name":"@segment/analytics-node","version":"3.1.0"}},'
    .. '"timestamp":"' .. at .. '","originalTimestamp":"' .. at .. '","sentAt":"' .. at .. '","integrations":{},'
    .. '"_metadata":{"nodeVersion":"v20.20.2","jsRuntime":"node"}}'
end

local headers = { ['content-type'] = 'application/json' }

function request()
  local body
  if events_a_request == 1 then
    body = identify()
  else
    local items = {}
    for item = 1, events_a_request do items[item] = identify() end
    body = '{"batch":[' .. table.concat(items, ',') .. ']}'
  end
  return wrk.format('POST', path, headers, body)
end

-- Times are in microseconds. wrk counts every answer as a request, and those of 400 and above as errors as well.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.3f,"p50":%.3f,"p99":%.3f,"max":%.3f,"not2xx":%d,"errors":%d}\n',
    summary.requests - errors.status, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout
  ))
end
