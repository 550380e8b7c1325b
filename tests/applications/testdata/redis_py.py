"""What applications do with redis-py: pipelines as they are by default (transactions), WATCH, a leaderboard, sessions in
hashes, a rate limit, a queue that does not block, sets, an event stream, places, copies of values.

    python3 redis_py.py HOST:PORT
"""

import sys
import time

import redis

HOST, PORT = sys.argv[1].rsplit(":", 1)
r = redis.Redis(host=HOST, port=int(PORT), decode_responses=True)


def same(got, want):
    if got != want:
        raise AssertionError(f"{got!r}, want {want!r}")


def pipeline():
    pipe = r.pipeline()
    pipe.set("py:a", 1).incr("py:a").expire("py:a", 100).get("py:a")
    same(pipe.execute(), [True, 2, True, "2"])
    pipe.incr("py:a").lpush("py:a", "x").incr("py:a")
    got = pipe.execute(raise_on_error=False)
    same([got[0], got[2]], [3, 4])
    same(type(got[1]), redis.ResponseError)


def watch():
    def add(pipe):
        balance = int(pipe.get("py:balance") or 0)
        pipe.multi()
        pipe.set("py:balance", balance + 10)

    same(r.transaction(add, "py:balance"), [True])
    with r.pipeline() as pipe:
        pipe.watch("py:balance")
        r.set("py:balance", 77)
        pipe.multi()
        pipe.set("py:balance", 1)
        try:
            pipe.execute()
            raise AssertionError("a watched key was changed, and EXEC did its work")
        except redis.WatchError:
            pass
    same(r.get("py:balance"), "77")


def leaderboard():
    r.zadd("py:board", {f"player{i}": i * 10 for i in range(100)})
    same(r.zincrby("py:board", 1000, "player7"), 1070)
    same(r.zrevrange("py:board", 0, 1, withscores=True), [("player7", 1070.0), ("player99", 990.0)])
    same(r.zrevrank("py:board", "player7"), 0)
    same(r.zrank("py:board", "player0"), 0)
    same(r.zcount("py:board", 500, "+inf"), 51)
    same([name for name, _ in r.zrange("py:board", 0, 2, withscores=True)], ["player0", "player1", "player2"])
    around = r.zrevrank("py:board", "player50")
    same(len(r.zrevrange("py:board", around - 2, around + 2)), 5)
    same(r.zremrangebyrank("py:board", 0, -11), 90)
    same(r.zcard("py:board"), 10)


def hash_sessions():
    r.hset("py:session:1", mapping={"user": "alice", "visits": 1, "agent": "x" * 100})
    r.expire("py:session:1", 1800)
    same(r.hincrby("py:session:1", "visits", 1), 2)
    same(r.hmget("py:session:1", "user", "visits", "missing"), ["alice", "2", None])
    same(sorted(r.hgetall("py:session:1")), ["agent", "user", "visits"])
    same(r.hdel("py:session:1", "agent", "missing"), 1)
    if not 1700 < r.ttl("py:session:1") <= 1800:
        raise AssertionError(r.ttl("py:session:1"))
    same(r.delete("py:session:1"), 1)


def rate_limit():
    now = time.time()
    pipe = r.pipeline()
    for i in range(5):
        pipe.zadd("py:window", {f"{now + i}:{i}": now + i})
    pipe.zremrangebyscore("py:window", 0, now + 1.5).zcard("py:window").expire("py:window", 60)
    same(pipe.execute()[-3:], [2, 3, True])


def queue():
    for i in range(10):
        r.rpush("py:queue", f"job{i}")
    same(r.lpop("py:queue"), "job0")
    same(r.lmove("py:queue", "py:working", "LEFT", "RIGHT"), "job1")
    same(r.lrem("py:working", 1, "job1"), 1)
    same(r.llen("py:queue"), 8)
    same(r.lrange("py:queue", 0, -1)[0], "job2")


def sets_and_counts():
    r.sadd("py:tags:1", "a", "b", "c")
    r.sadd("py:tags:2", "b", "c", "d")
    same(r.sinter("py:tags:1", "py:tags:2"), {"b", "c"})
    same(r.sismember("py:tags:1", "a"), True)
    r.pfadd("py:visitors", *[f"ip{i}" for i in range(1000)])
    if not 970 <= r.pfcount("py:visitors") <= 1030:
        raise AssertionError(r.pfcount("py:visitors"))


def stream():
    first = r.xadd("py:events", {"kind": "login", "user": "alice"})
    r.xadd("py:events", {"kind": "logout", "user": "alice"})
    same(r.xgroup_create("py:events", "workers", id="0"), True)
    got = r.xreadgroup("workers", "w1", {"py:events": ">"}, count=1)
    same(got[0][1][0][0], first)
    same(r.xack("py:events", "workers", first), 1)
    same(r.xpending("py:events", "workers")["pending"], 0)


def places():
    r.geoadd("py:cities", (13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"))
    same(r.geosearch("py:cities", longitude=15, latitude=37, radius=100, unit="km"), ["Catania"])
    if not 166 < r.geodist("py:cities", "Palermo", "Catania", unit="km") < 167:
        raise AssertionError("the distance is wrong")


def copies():
    raw = redis.Redis(host=HOST, port=int(PORT))
    for name in ("py:board", "py:queue", "py:events", "py:cities", "py:balance"):
        payload = raw.dump(name)
        raw.restore("py:copy", 0, payload, replace=True)
        same(raw.dump("py:copy"), payload)
    raw.restore("py:copy", 0, raw.dump("py:tags:1"), replace=True)
    same(raw.smembers("py:copy"), {b"a", b"b", b"c"})


for step in (pipeline, watch, leaderboard, hash_sessions, rate_limit, queue, sets_and_counts, stream, places, copies):
    step()
    print("done", step.__name__, flush=True)
