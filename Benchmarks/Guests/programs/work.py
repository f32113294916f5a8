# Objects, dictionaries, strings, regular expressions, JSON, sorting, generators, big integers, a queue.
import collections
import hashlib
import heapq
import json
import re
import struct


class Shape:
    def __init__(self, width, height):
        self.width, self.height = width, height

    def area(self):
        return self.width * self.height


class Square(Shape):
    def __init__(self, side):
        super().__init__(side, side)


def primes(limit):
    sieve = bytearray([1]) * (limit + 1)
    for i in range(2, limit + 1):
        if sieve[i]:
            yield i
            for multiple in range(i * i, limit + 1, i):
                sieve[multiple] = 0


def shortest_paths(graph, start):
    distance, queue = {start: 0}, [(0, start)]
    while queue:
        far, node = heapq.heappop(queue)
        if far > distance[node]:
            continue
        for other, length in graph[node]:
            if far + length < distance.get(other, 1 << 60):
                distance[other] = far + length
                heapq.heappush(queue, (far + length, other))
    return sum(distance.values())


def queens(n, row=0, columns=0, left=0, right=0):
    if row == n:
        return 1
    found, free = 0, ~(columns | left | right) & ((1 << n) - 1)
    while free:
        bit = free & -free
        free ^= bit
        found += queens(n, row + 1, columns | bit, (left | bit) << 1, (right | bit) >> 1)
    return found


shapes = [Square(i % 7) if i % 3 else Shape(i % 5, i % 11) for i in range(60000)]
print("areas", sum(shape.area() for shape in shapes))
print("primes", sum(primes(150000)))
print("queens", queens(8))

text = " ".join(f"word{i * 7919 % 997} {i:05d};" for i in range(20000))
counts = collections.Counter(re.findall(r"word(\d+)", text))
print("words", len(text), sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:3])
print("replaced", hashlib.sha256(re.sub(r"(\d)(\d+);", r"\2\1", text).encode()).hexdigest())

records = [{"id": i, "name": f"n{i}", "values": [i / 3, i * 2, None, i % 2 == 0]} for i in range(4000)]
coded = json.dumps(records)
print("json", len(coded), json.loads(coded) == records)

graph = {i: [((i * 31 + k) % 3000, 1 + (i * k) % 17) for k in range(1, 7)] for i in range(3000)}
print("paths", shortest_paths(graph, 0))
print("sorted", sorted((i * 2654435761 % 1000003, str(i)) for i in range(60000))[:2])
print("packed", sum(struct.unpack("<IhQ", struct.pack("<IhQ", i, i % 99, i << 20))[2] for i in range(30000)))

a, b = 0, 1
for _ in range(12000):
    a, b = b, a + b
print("fibonacci", str(a)[:20], a % 1000007, pow(3, a, (1 << 521) - 1) % 1000003)
