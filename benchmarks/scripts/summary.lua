-- The figures of a run as one line of JSON. wrk counts what came back with 400 and above as errors.status.
function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      '\n{"seconds":%.6f,"answers":%d,"refused":%d,"broken":%d,"p50":%.3f,"p99":%.3f}\n',
      summary.duration / 1e6, summary.requests, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
