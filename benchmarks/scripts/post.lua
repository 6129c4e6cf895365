-- A reading of the next device, measured now. Each line: device, patient, key.
local lines, number = {}, 0

function init(arguments)
   for line in io.lines(arguments[1]) do
      lines[#lines + 1] = line
   end
end

function request()
   number = number % #lines + 1
   local device, patient, key = lines[number]:match("(%S+) (%S+) (%S+)")
   local body = '{"deviceId":"' .. device .. '","userId":"' .. patient .. '","timestamp":"'
      .. os.date("!%Y-%m-%dT%H:%M:%SZ") .. '","glucoseValue":120,"confidence":0.95,"sensorData":{"red":1.5,'
      .. '"infrared":2.1,"green":1.8,"temperature":36.5,"motionArtifact":false},"batteryLevel":80,'
      .. '"signalQuality":"good"}'
   return "POST /api/v1/devices/" .. device .. "/readings HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: " .. key
      .. "\r\nContent-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end
