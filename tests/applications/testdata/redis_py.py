"""What applications do with redis-py: pipelines as they are by default (transactions), WATCH, a queue that does not block,
an event stream, copies of values.

    python3 redis_py.py HOST:PORT
"""

import sys

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


def queue():
    for i in range(10):
        r.rpush("py:queue", f"job{i}")
    same(r.lpop("py:queue"), "job0")
    same(r.lmove("py:queue", "py:working", "LEFT", "RIGHT"), "job1")
    same(r.lrem("py:working", 1, "job1"), 1)
    same(r.llen("py:queue"), 8)
    same(r.lrange("py:queue", 0, -1)[0], "job2")


def stream():
    first = r.xadd("py:events", {"kind": "login", "user": "alice"})
    r.xadd("py:events", {"kind": "logout", "user": "alice"})
    same(r.xgroup_create("py:events", "workers", id="0"), True)
    got = r.xreadgroup("workers", "w1", {"py:events": ">"}, count=1)
    same(got[0][1][0][0], first)
    same(r.xack("py:events", "workers", first), 1)
    same(r.xpending("py:events", "workers")["pending"], 0)


def copies():
    for name in ("py:queue", "py:events", "py:balance"):
        raw = redis.Redis(host=HOST, port=int(PORT))
        payload = raw.dump(name)
        raw.restore("py:copy", 0, payload, replace=True)
        same(raw.dump("py:copy"), payload)


for step in (pipeline, watch, queue, stream, copies):
    step()
    print("done", step.__name__, flush=True)
