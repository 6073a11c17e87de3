-- What wrk sends through a proxy: wrk -s requests.lua PROXY -- KIND BACKEND SEED
-- Each thread has one connection, so that a preflight is answered before its request goes out.

local AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
  .. "Chrome/156.0.0.0 Safari/537.36"
local ORIGINS = { "https://app.example", "https://admin.example", "http://localhost:3000" }
local URLS = 50
local BODY = '{"name":"corscope","tags":["proxy","cors"]}'

local threads = 0
function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

-- The same headers in the same order for all, as one browser sends them; a Lua table has no order.
local function message(method, url, origin, more, body)
  local lines = { method .. " " .. url .. " HTTP/1.1", "Host: " .. host, "User-Agent: " .. AGENT, "Accept: */*" }
  if origin then lines[#lines + 1] = "Origin: " .. origin end
  lines[#lines + 1] = "Sec-Fetch-Site: " .. (origin and "cross-site" or "same-origin")
  lines[#lines + 1] = "Sec-Fetch-Mode: " .. (origin and "cors" or "no-cors")
  lines[#lines + 1] = "Sec-Fetch-Dest: " .. (origin and "empty" or "image")
  if origin then lines[#lines + 1] = "Referer: " .. origin .. "/" end
  lines[#lines + 1] = "Accept-Encoding: gzip, deflate, br, zstd"
  lines[#lines + 1] = "Accept-Language: en-US,en;q=0.9"
  for _, line in ipairs(more or {}) do lines[#lines + 1] = line end
  if body then lines[#lines + 1] = "Content-Length: " .. #body end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")
end

local KINDS = {
  plain = function(url, _) return { message("GET", url) } end,
  cors = function(url, origin) return { message("GET", url, origin) } end,
}

function KINDS.preflight(url, origin)
  return { message("OPTIONS", url, origin, {
    "Access-Control-Request-Method: PUT",
    "Access-Control-Request-Headers: content-type,x-request-id",
  }) }
end

function KINDS.put(url, origin)
  local preflight = KINDS.preflight(url, origin)[1]
  local actual = message("PUT", url, origin,
    { "Content-Type: application/json", "X-Request-Id: 7" }, BODY)
  return { preflight, actual }
end

local next_number, fresh, seed, backend, make
local ready = {}

function init(args)
  local kind = args[1]
  backend, seed = args[2], args[3]
  host = backend:match("//(.+)$")
  fresh = kind == "fresh"
  make = KINDS[fresh and "cors" or kind]
  next_number = 0
  if fresh then return end
  for number = 0, URLS - 1 do
    local url = backend .. "/items/" .. number .. "?page=2"
    for _, each in ipairs(make(url, ORIGINS[number % #ORIGINS + 1])) do
      ready[#ready + 1] = each
    end
  end
  -- Two of each: a thread begins with a preflight, not with what follows it.
  next_number = id * 12 % #ready
end

function request()
  next_number = next_number + 1
  if fresh then
    local url = backend .. "/items/" .. seed .. "-" .. id .. "-" .. next_number .. "?page=2"
    return make(url, ORIGINS[next_number % #ORIGINS + 1])[1]
  end
  return ready[(next_number - 1) % #ready + 1]
end
