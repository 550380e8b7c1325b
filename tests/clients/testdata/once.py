"""Counts through RAFT.ONCE with redis-py, and prints each reply.

    python3 once.py HOST:PORT KEY COUNT [cluster]

With "cluster" it reads replies as redis-py's cluster client does, which knows more errors than others.
"""

import sys

import redis.cluster

# recipe
import time

import redis


class Once:
    """Executes commands once, however often it has to send them. One thread at a time uses it."""

    AGAIN = ("UNCERTAIN", "CLUSTERDOWN", "TRYAGAIN", "LOADING", "OOM")
    # Of errors that have a class of their own redis-py takes these words away.
    CLASSES = (
        redis.ConnectionError,
        redis.TimeoutError,
        redis.exceptions.ClusterError,
        redis.exceptions.TryAgainError,
        getattr(redis.exceptions, "OutOfMemoryError", redis.ConnectionError),  # from 5.1 on
    )

    def __init__(self, client):
        self.client, self.sequence = client, 0
        self.session = self.repeat("RAFT.SESSION", "OPEN")

    def do(self, *command):
        self.sequence += 1
        return self.repeat("RAFT.ONCE", self.session, self.sequence, *command)

    def repeat(self, *command):
        while True:
            try:
                return self.client.execute_command(*command)
            except self.CLASSES:
                pass  # perhaps it was executed: the nodes know
            except redis.ResponseError as error:
                if not str(error).startswith(self.AGAIN):
                    raise
            time.sleep(0.05)
# end


host, port = sys.argv[1].rsplit(":", 1)
client = redis.Redis(host=host, port=int(port))
if sys.argv[4:] == ["cluster"]:
    client.connection_pool.connection_kwargs["parser_class"] = redis.cluster.ClusterParser
once = Once(client)
for _ in range(int(sys.argv[3])):
    print(once.do("INCR", sys.argv[2]), flush=True)
try:
    once.do("GETSET", sys.argv[2])
except redis.ResponseError as error:
    print(error, flush=True)
