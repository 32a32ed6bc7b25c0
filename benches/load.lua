-- For wrk: sends one kind of request, and prints one line of JSON.
-- Arguments: the method, the body, then names and values of headers.

function init(arguments)
  wrk.method, wrk.body = arguments[1], arguments[2]
  for index = 3, #arguments, 2 do
    wrk.headers[arguments[index]] = arguments[index + 1]
  end
end

function done(summary, latency)
  local errors = summary.errors
  local failures = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format('{"a_second": %f, "p50": %f, "p99": %f, "failures": %d}\n',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e6, latency:percentile(99) / 1e6, failures))
end
