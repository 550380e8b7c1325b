"""Calls everything of django-redis but its locks, with its default options.

    python3 django_redis_cache.py HOST:PORT
"""

import datetime
import sys
import time

import django
import redis
from django.conf import settings

settings.configure(
    CACHES={
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": f"redis://{sys.argv[1]}/1",
            "KEY_PREFIX": "site",
        }
    },
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    USE_TZ=True,
)
django.setup()

from django.contrib.sessions.backends.cache import SessionStore  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django_redis import get_redis_connection  # noqa: E402

# How long a key of some milliseconds may take to end.
EFFECT_LIMIT_SECONDS = 20


def same(got, want):
    if got != want:
        raise AssertionError(f"{got!r}, want {want!r}")


def between(low, got, high):
    if not low <= got <= high:
        raise AssertionError(f"{got!r}, want {low} to {high}")


def values():
    cache.set("a", {"answer": 42, "list": [1, 2.5, None]})
    same(cache.get("a"), {"answer": 42, "list": [1, 2.5, None]})
    same(cache.get("missing", "otherwise"), "otherwise")
    cache.set("number", 7)
    same(cache.get("number"), 7)
    same(cache.add("a", 1), False)
    same(cache.add("b", 1), True)
    same(cache.get_or_set("c", lambda: "made"), "made")
    same(cache.get_or_set("c", lambda: "not again"), "made")
    same(cache.has_key("a"), True)
    same("missing" in cache, False)
    same(cache.set("a", 2, nx=True), False)
    same(cache.set("a", 2, xx=True), True)
    same(cache.set("d", 2, xx=True), False)
    same(cache.set("d", 2, nx=True), True)
    same(cache.delete("d"), True)
    same(cache.delete("d"), False)


def counters():
    # There are no scripts: django-redis reads and writes instead, and keeps the deadline.
    cache.set("hits", 7, timeout=100)
    same(cache.incr("hits"), 8)
    same(cache.incr("hits", 10), 18)
    same(cache.decr("hits", 3), 15)
    between(1, cache.ttl("hits"), 100)


def many():
    cache.set_many({"m1": 1, "m2": "two", "m3": [3]})
    same(cache.get_many(["m1", "m2", "m3", "m4"]), {"m1": 1, "m2": "two", "m3": [3]})
    same(cache.delete_many(["m1", "m2", "m4"]), 2)
    same(cache.get_many(["m1", "m3"]), {"m3": [3]})


def deadlines():
    cache.set("t", 1, timeout=100)
    between(90, cache.ttl("t"), 100)
    same(cache.touch("t", 500), True)
    between(400, cache.ttl("t"), 500)
    between(400_000, cache.pttl("t"), 500_000)
    same(cache.persist("t"), True)
    same(cache.ttl("t"), None)
    same(cache.touch("t", None), False)
    same(cache.expire("t", 50), True)
    same(cache.pexpire("t", 60_000), True)
    between(50, cache.ttl("t"), 60)
    later = datetime.datetime.now() + datetime.timedelta(seconds=1000)
    same(cache.expire_at("t", later), True)
    between(900, cache.ttl("t"), 1000)
    same(cache.pexpire_at("t", later + datetime.timedelta(seconds=1000)), True)
    between(1900, cache.ttl("t"), 2000)
    same(cache.ttl("missing"), 0)
    cache.set("gone", 1, timeout=0)
    same(cache.get("gone"), None)
    cache.set("brief", 1, timeout=0.05)
    ends = time.monotonic() + EFFECT_LIMIT_SECONDS
    while cache.get("brief") is not None:
        if time.monotonic() > ends:
            raise AssertionError(f"a key of 50 ms is there after {EFFECT_LIMIT_SECONDS} s")


def patterns():
    cache.set_many({f"page:{i}": i for i in range(60)})
    same(len(cache.keys("page:*")), 60)
    same(len(list(cache.iter_keys("page:1*"))), 11)
    same(cache.delete_pattern("page:*", itersize=100), 60)
    same(cache.keys("page:*"), [])


def versions():
    cache.set("v", "one", version=1)
    cache.set("v", "two", version=2)
    same(cache.get("v"), "one")
    same(cache.get("v", version=2), "two")
    cache.delete("v", version=2)
    same(cache.incr_version("v"), 2)
    same(cache.get("v"), None)
    same(cache.get("v", version=2), "one")
    same(cache.decr_version("v", version=2), 1)
    same(cache.get("v"), "one")


def sessions():
    session = SessionStore()
    session["cart"] = [1, 2, 3]
    session.set_expiry(300)
    session.save()
    again = SessionStore(session_key=session.session_key)
    same(again["cart"], [1, 2, 3])
    again.flush()
    same(SessionStore().exists(session.session_key), False)


def database_one():
    connection = get_redis_connection("default")
    same(connection.ping(), True)
    same(connection.connection_pool.connection_kwargs["db"], 1)
    other = redis.Redis.from_url(f"redis://{sys.argv[1]}/0")
    other.set("django:stays", 1)
    cache.set("last", 1)
    cache.clear()
    same(cache.get("last"), None)
    same(connection.dbsize(), 0)
    same(other.get("django:stays"), b"1")
    cache.close()


for step in (values, counters, many, deadlines, patterns, versions, sessions, database_one):
    step()
    print("done", step.__name__, flush=True)
