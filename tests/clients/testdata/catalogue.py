"""Does the tasks of the catalogue (clients_catalogue_test.go) with redis-py, with the library's default options.

    python3 catalogue.py plain|cluster HOST:PORT PREFIX

It prints `done TASK` or `failed TASK WHY` for each, and `info LINE` with what CLIENT INFO says of its connection.
"""

import logging
import sys
import threading
import time

import redis
from redis.cluster import RedisCluster

MODE, ADDRESS, PREFIX = sys.argv[1:]
HOST, PORT = ADDRESS.rsplit(":", 1)
GONE_LIMIT_SECONDS = 20


def connect():
    if MODE == "cluster":
        return RedisCluster(host=HOST, port=int(PORT))
    return redis.Redis(host=HOST, port=int(PORT))


def key(name):
    return PREFIX + ":" + name


def same(got, want):
    if got != want or type(got) is not type(want):
        raise AssertionError(f"{got!r}, want {want!r}")


def refused(call, *words):
    """Expects an error reply, in the library's own type, that says all words."""
    try:
        got = call()
    except redis.ResponseError as error:
        missing = [word for word in words if word not in str(error)]
        if missing:
            raise AssertionError(f"{error!r} does not say {missing}") from error
        return
    raise AssertionError(f"{got!r} instead of an error")


def greeting(client):
    same(client.ping(), True)
    target = {"target_nodes": RedisCluster.RANDOM} if MODE == "cluster" else {}
    facts = client.execute_command("CLIENT INFO", **target)
    print("info", *(f"{name}={value}".strip() for name, value in facts.items()), flush=True)


def strings(client):
    same(client.set(key("string"), "value"), True)
    same(client.get(key("string")), b"value")
    same(client.append(key("string"), "-more"), 10)
    same(client.strlen(key("string")), 10)
    same(client.getrange(key("string"), 6, -1), b"more")
    same(client.setrange(key("string"), 0, "V"), 10)
    same(client.getdel(key("string")), b"Value-more")
    same(client.get(key("string")), None)
    same(client.exists(key("string")), 0)


def counters(client):
    same(client.incr(key("counter")), 1)
    same(client.incrby(key("counter"), 41), 42)
    same(client.decr(key("counter")), 41)
    same(client.incrbyfloat(key("counter"), 0.5), 41.5)


def many(client):
    names = [f"{{{PREFIX}}}:many:{i}" for i in range(3)]
    same(client.mset({names[0]: "a", names[2]: "c"}), True)
    same(client.mget(names), [b"a", None, b"c"])
    same(client.delete(*names), 2)


def deadlines(client):
    same(client.set(key("deadline"), "value", ex=100), True)
    same(0 < client.ttl(key("deadline")) <= 100, True)
    same(0 < client.pttl(key("deadline")) <= 100_000, True)
    same(client.persist(key("deadline")), True)
    same(client.ttl(key("deadline")), -1)
    same(client.ttl(key("nothing")), -2)
    same(client.pexpire(key("deadline"), 20), True)
    end = time.monotonic() + GONE_LIMIT_SECONDS
    while client.get(key("deadline")) is not None:
        if time.monotonic() > end:
            raise AssertionError("the key outlives its deadline")


def conditions(client):
    same(client.set(key("condition"), "first", nx=True), True)
    same(client.set(key("condition"), "second", nx=True), None)
    same(client.set(key("condition"), "third", xx=True, get=True), b"first")
    same(client.set(key("nothing"), "value", xx=True), None)
    same(client.get(key("condition")), b"third")


def binary(client):
    every = bytes(range(256))
    name = key("binary").encode() + every
    same(client.set(name, every), True)
    same(client.get(name), every)


def large(client):
    value = bytes(i * 7 % 251 for i in range(300_000))
    same(client.set(key("large"), value), True)
    same(client.get(key("large")), value)


def pipeline(client):
    # A transaction is the library's default, and not offered.
    pipe = client.pipeline() if MODE == "cluster" else client.pipeline(transaction=False)
    for _ in range(100):
        pipe.incr(key("pipeline"))
    pipe.set(key("text"), "text")
    pipe.incr(key("text"))
    pipe.get(key("pipeline"))
    replies = pipe.execute(raise_on_error=False)
    same(replies[:101], [*range(1, 101), True])
    same(type(replies[101]), redis.ResponseError)
    same(replies[102], b"100")


def concurrent(client):
    replies = []

    def increment():
        for _ in range(10):
            replies.append(client.incr(key("concurrent")))

    threads = [threading.Thread(target=increment) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same(sorted(replies), [*range(1, 81)])


def scan(client):
    names = {f"{PREFIX}:scan:{i}".encode() for i in range(40)}
    for name in names:
        client.set(name, "value")
    same(set(client.scan_iter(match=PREFIX + ":scan:*", count=10)), names)


def errors(client):
    client.set(key("text"), "text")
    refused(lambda: client.incr(key("text")), "value is not an integer or out of range")
    target = {"target_nodes": RedisCluster.RANDOM} if MODE == "cluster" else {}
    refused(lambda: client.execute_command("NOSUCHCOMMAND", **target), "unknown command", "NOSUCHCOMMAND")
    refused(lambda: client.set(key("text"), "text", px=0), "invalid expire time", "set")
    same(client.get(key("text")), b"text")


def transactions(client):
    # The transaction is the library's default for a pipeline.
    name = key("transaction")
    pipe = client.pipeline()
    pipe.incr(name).incrby(name, 2).get(name)
    same(pipe.execute(), [1, 3, b"3"])

    def add(pipe):
        value = int(pipe.get(name))
        pipe.multi()
        pipe.set(name, value + 1)

    same(client.transaction(add, name), [True])
    pipe = client.pipeline()
    pipe.watch(name)
    client.incr(name)
    pipe.multi()
    pipe.incr(name)
    try:
        pipe.execute()
        raise AssertionError("a transaction was executed although the key had changed")
    except redis.WatchError:
        pass
    same(client.get(name), b"5")


def messages(client):
    channel = key("channel")
    listener = client.pubsub()
    listener.subscribe(channel)
    listener.psubscribe(channel + "*")
    same([listener.get_message(timeout=GONE_LIMIT_SECONDS)["type"] for _ in range(2)], ["subscribe", "psubscribe"])
    client.publish(channel, "message")
    for kind in ("message", "pmessage"):
        message = listener.get_message(timeout=GONE_LIMIT_SECONDS)
        same((message["type"], message["channel"], message["data"]), (kind, channel.encode(), b"message"))
    listener.close()


def databases(client):
    other = redis.Redis(host=HOST, port=int(PORT), db=1)
    same(other.set(key("database"), "value"), True)
    same(other.get(key("database")), b"value")
    same(client.get(key("database")), None)
    other.close()


def farewell(client):
    same(client.set(key("last"), PREFIX), True)
    client.close()


def main():
    logging.disable()  # the library logs every exception it raises, with its stack
    client = connect()
    tasks = [greeting, strings, counters, many, deadlines, conditions, binary, large, pipeline, concurrent, scan,
             errors, messages, farewell]
    if MODE == "plain":
        tasks[-1:-1] = [transactions, databases]
    for task in tasks:
        try:
            task(client)
            print("done", task.__name__, flush=True)
        except Exception as error:  # whatever it is, the test wants to know
            text = " ".join(f"{type(error).__name__}: {error}".split())
            print("failed", task.__name__, text, flush=True)


main()
