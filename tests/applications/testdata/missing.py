"""What applications want that is not built yet: scripts, and commands that wait. For each it prints the first command
that is missing.

    python3 missing.py HOST:PORT
"""

import sys

import redis

HOST, PORT = sys.argv[1].rsplit(":", 1)
r = redis.Redis(host=HOST, port=int(PORT))


def redis_py_lock():
    lock = r.lock("missing:lock", timeout=10)
    if not lock.acquire():
        raise AssertionError("the lock is not free")
    try:
        lock.release()
    finally:
        r.delete("missing:lock")


def redis_py_script():
    r.register_script("return 1")()


def redis_py_queue():
    r.blpop("missing:queue", timeout=1)


for want in (redis_py_lock, redis_py_script, redis_py_queue):
    try:
        want()
    except redis.ResponseError as error:
        print(f"{want.__name__}: {error}", flush=True)
    else:
        print(f"{want.__name__}: nothing is missing", flush=True)
