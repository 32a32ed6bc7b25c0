-- Sends what it is given and counts responses by status, which wrk itself does not; prints one line of JSON.
-- Arguments: the method, the body, then names and values of headers.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  seen = ""
  wrk.method, wrk.body = arguments[1], arguments[2]
  for index = 3, #arguments, 2 do
    wrk.headers[arguments[index]] = arguments[index + 1]
  end
end

-- A global for each status: that is what wrk hands from a thread to done().
function response(status)
  local name = "status_" .. status
  if _G[name] == nil then
    _G[name] = 0
    seen = seen .. status .. " "
  end
  _G[name] = _G[name] + 1
end

local function by_status()
  local counts, parts = {}, {}
  for _, thread in ipairs(threads) do
    for status in thread:get("seen"):gmatch("%d+") do
      counts[status] = (counts[status] or 0) + thread:get("status_" .. status)
    end
  end
  for status, count in pairs(counts) do
    table.insert(parts, string.format('"%s": %d', status, count))
  end
  return table.concat(parts, ", ")
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"microseconds": %d, "requests": %d, "p50": %d, "p99": %d, "worst": %d, "statuses": {%s}, '
      .. '"connect": %d, "read": %d, "write": %d, "timeout": %d}\n',
    summary.duration, summary.requests, latency:percentile(50), latency:percentile(99), latency.max, by_status(),
    errors.connect, errors.read, errors.write, errors.timeout))
end
