"""What applications want that is not built yet: scripts, commands that wait, and pub/sub. For each it prints the first
command that is missing.

    python3 missing.py HOST:PORT
"""

import sys

import redis
from celery import Celery, states

HOST, PORT = sys.argv[1].rsplit(":", 1)
r = redis.Redis(host=HOST, port=int(PORT))


def celery_results():
    Celery("app", backend=f"redis://{sys.argv[1]}/0").backend.store_result("task-1", {"sum": 3}, states.SUCCESS)


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


def redis_py_subscription():
    subscription = r.pubsub()
    subscription.subscribe("missing:channel")
    subscription.get_message(timeout=10)


for want in (celery_results, redis_py_lock, redis_py_script, redis_py_queue, redis_py_subscription):
    try:
        want()
    except redis.ResponseError as error:
        # A transaction is refused as a whole; the words are those of the command that was.
        print(f"{want.__name__}: {error}", flush=True)
    else:
        print(f"{want.__name__}: nothing is missing", flush=True)
