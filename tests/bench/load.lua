-- For wrk: the request in the file named by the first argument, again and again; at the end the
-- statuses that came back, the rate and the slowest hundredth as JSON.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  raw = file:read("*a")
  file:close()
  statuses = {}
end

function request()
  return raw
end

function response(status)
  statuses[status] = (statuses[status] or 0) + 1
end

function done(summary, latency)
  local counted = {}
  for _, thread in ipairs(threads) do
    for status, count in pairs(thread:get("statuses")) do
      table.insert(counted, string.format("[%d, %d]", status, count))
    end
  end
  local errors = summary.errors
  io.write(string.format(
    '\n{"per_second": %f, "p99_ms": %f, "failed": %d, "statuses": [%s]}\n',
    summary.requests / (summary.duration / 1e6),
    latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.timeout,
    table.concat(counted, ", ")
  ))
end
