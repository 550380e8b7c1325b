"""Writes through redis-py's cluster client with its default options, until standard input ends.

    python3 cluster.py HOST:PORT,HOST:PORT TAG...

Round by round it sets the key of each tag to the number of the round, and reads it back. It prints a line for each round
in which everything succeeded, and one for each command that failed; times are in milliseconds of the wall clock:

    round NUMBER BEGAN ENDED
    error WHEN WHAT
"""

import logging
import select
import sys
import time

import redis
from redis.cluster import ClusterNode, RedisCluster

PAUSE_SECONDS = 0.02

# Before 4.4 the library cannot ask for the map again when the node died that is the first of the map, whatever the
# cluster: it copies its options, the client itself is among them, and that has a lock, which cannot be copied.
if tuple(int(part) for part in redis.__version__.split(".")[:2]) < (4, 4):
    RedisCluster.__deepcopy__ = lambda self, memo: self


def millis():
    return time.time_ns() // 1_000_000


def write(client, key, value):
    try:
        client.set(key, value)
        found = client.get(key)
        if found != value:
            raise ValueError(f"{key} is {found}, not {value}")
        return True
    except Exception as error:  # whatever it is, the test wants to know
        text = " ".join(f"{type(error).__name__}: {error}".split())
        print("error", millis(), text, flush=True)
        return False


def main():
    logging.disable()  # the library logs every exception it raises, with its stack
    seeds = [seed.rsplit(":", 1) for seed in sys.argv[1].split(",")]
    keys = ["redis-py:{" + tag + "}" for tag in sys.argv[2:]]
    client = RedisCluster(startup_nodes=[ClusterNode(host, int(port)) for host, port in seeds])
    number = 0
    while not select.select([sys.stdin], [], [], PAUSE_SECONDS)[0]:
        number += 1
        began = millis()
        if all([write(client, key, str(number).encode()) for key in keys]):
            print("round", number, began, millis(), flush=True)


main()
