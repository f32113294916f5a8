-- Tables, closures, strings, patterns, coroutines, methods, floating point.
local Queue = {}
Queue.__index = Queue
function Queue.new() return setmetatable({first = 1, last = 0}, Queue) end
function Queue:push(x) self.last = self.last + 1; self[self.last] = x end
function Queue:pop()
  local x = self[self.first]
  self[self.first] = nil
  self.first = self.first + 1
  return x
end

local queue, sum = Queue.new(), 0
for i = 1, 200000 do
  queue:push(i * 7 % 1001)
  if i % 3 ~= 0 then sum = sum + queue:pop() end
end
print("queue", sum)

local sieve, count = {}, 0
for i = 2, 300000 do
  if not sieve[i] then
    count = count + 1
    for k = i * i, 300000, i do sieve[k] = true end
  end
end
print("primes", count)

local words, seen = {}, {}
for i = 1, 40000 do words[#words + 1] = "word" .. (i * 7919 % 4001) end
for word in table.concat(words, " "):gmatch("%a+(%d+)") do seen[word] = (seen[word] or 0) + 1 end
local keys = {}
for key in pairs(seen) do keys[#keys + 1] = key end
table.sort(keys, function(a, b) return seen[a] > seen[b] or (seen[a] == seen[b] and a < b) end)
print("words", #keys, keys[1], keys[#keys])

local function permutations(list, n)
  if n == 0 then coroutine.yield(list[1] * list[#list]) end
  for i = 1, n do
    list[i], list[n] = list[n], list[i]
    permutations(list, n - 1)
    list[i], list[n] = list[n], list[i]
  end
end
local products = 0
for product in coroutine.wrap(function() permutations({1, 2, 3, 4, 5, 6, 7, 8}, 8) end) do
  products = products + product
end
print("permutations", products)

local function multiply(a, b, n)
  local c = {}
  for i = 1, n do
    local row, from = {}, a[i]
    for k = 1, n do
      local x = 0.0
      for m = 1, n do x = x + from[m] * b[m][k] end
      row[k] = x
    end
    c[i] = row
  end
  return c
end
local n, a = 90, {}
for i = 1, n do
  a[i] = {}
  for k = 1, n do a[i][k] = (i * k % 13) / 8 end
end
print("matrix", string.format("%.6f", multiply(multiply(a, a, n), a, n)[n][n - 1]))

local parts = {}
for i = 1, 60000 do parts[#parts + 1] = string.format("%d:%x;", i, i * i) end
local text = table.concat(parts)
print("text", #text, (text:gsub("(%d)(%x);", "%2%1")):sub(-40), text:reverse():find("1:0001", 1, true))
