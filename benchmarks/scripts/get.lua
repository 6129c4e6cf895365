-- The next address by the next person. Each line: path, token.
local requests, number = {}, 0

function init(arguments)
   for line in io.lines(arguments[1]) do
      local path, token = line:match("(%S+) (%S+)")
      requests[#requests + 1] = "GET " .. path .. " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " .. token
         .. "\r\n\r\n"
   end
end

function request()
   number = number % #requests + 1
   return requests[number]
end
