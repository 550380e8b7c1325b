"""Increments counters through RAFT.ONCE with redis-py's default options, until standard input ends.

    python3 torture-once.py JOURNAL SEED FIRST CLIENTS COUNTERS HOST:PORT,HOST:PORT,...

Each of the clients is connected to one node at a time, and goes to another one when a connection breaks, or when an
error says that the command was not done, or that its fate is unknown. It sends the same sequence again until it has an
answer. What it does it writes into the journal, line by line: internal/torture.OnceJournal says how.
"""

import logging
import os
import random
import sys
import threading
import time

import redis

TTL_MILLIS = 600_000
# How long it may take to finish: the test that started it, and the cluster, may be gone.
FINISH_SECONDS = 120
WINDOW = 128
# An error that begins with one of these words says nothing of the command but that it must be sent again.
AGAIN = {"UNCERTAIN", "CLUSTERDOWN", "TRYAGAIN", "LOADING", "MOVED"}


class Lost(Exception):
    """An attempt has no answer."""


class Journal:
    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8", newline="\n")
        self.lock = threading.Lock()

    def line(self, *words):
        with self.lock:
            print(*words, file=self.file)


class Client:
    def __init__(self, number, seed, journal, counters, addresses, over):
        self.name = f"redis-py.{number}"
        self.random = random.Random(f"{seed}.{number}")
        self.journal, self.addresses, self.over = journal, addresses, over
        self.counters = [f"once{i}" for i in range(counters)]
        self.redis = None
        self.sequence = 0

    def connection(self):
        if self.redis is None:
            host, port = self.random.choice(self.addresses).rsplit(":", 1)
            self.redis = redis.Redis(host, int(port))
        return self.redis

    def leave(self):
        if self.redis is not None:
            self.redis.close()
            self.redis.connection_pool.disconnect()
            self.redis = None

    def answer(self, reply):
        """The answer in the words of the journal."""
        if isinstance(reply, redis.ResponseError):
            if str(reply).split(" ", 1)[0] in AGAIN:
                raise Lost
            return "-" + " ".join(str(reply).split())
        if isinstance(reply, Exception):  # the library makes errors of the connection of some replies
            raise Lost
        return f":{reply}" if isinstance(reply, int) else f"={reply!r}"

    def ask(self, *commands):
        """The answers to some commands, None for each that has none."""
        answers = [None] * len(commands)
        try:
            if len(commands) == 1:
                try:
                    replies = [self.connection().execute_command(*commands[0])]
                except redis.ResponseError as error:
                    replies = [error]
            else:
                pipeline = self.connection().pipeline(transaction=False)
                for command in commands:
                    pipeline.execute_command(*command)
                replies = pipeline.execute(raise_on_error=False)
        except (redis.RedisError, OSError):
            self.leave()
            return answers
        for i, reply in enumerate(replies):
            try:
                answers[i] = self.answer(reply)
            except Lost:
                self.leave()
        return answers

    def insist(self, *command):
        while True:
            (answer,) = self.ask(command)
            if answer is not None:
                return answer
            self.pause(0.04)

    def pause(self, seconds):
        time.sleep(self.random.uniform(0, seconds))

    def open(self):
        return int(self.insist("RAFT.SESSION", "OPEN", "TTL", TTL_MILLIS)[1:])

    def execute(self, session, sequences):
        """Sends sequences, in any order, until each has an answer."""
        waiting = {}
        for sequence in sequences:
            counter = self.random.choice(self.counters)
            self.journal.line("first", self.name, session, sequence, counter)
            waiting[sequence] = ("RAFT.ONCE", session, sequence, "INCR", counter)
        while waiting:
            order = self.random.sample(list(waiting), len(waiting))
            for sequence, answer in zip(order, self.ask(*(waiting[each] for each in order))):
                if answer is None:
                    self.journal.line("lost", self.name, session, sequence)
                    continue
                self.journal.line("reply", self.name, session, sequence, answer)
                self.done[session][sequence] = waiting.pop(sequence)
            if waiting:
                self.pause(0.04)

    def again(self, session, sequence):
        """Sends again, to another node, what has an answer."""
        self.leave()
        answer = self.insist(*self.done[session][sequence])
        self.journal.line("again", self.name, session, sequence, answer)

    def work(self):
        session, kept = self.open(), self.open()
        self.done = {session: {}, kept: {}}
        self.execute(kept, range(1, 9))
        while not self.over.is_set():
            first = self.sequence + 1
            self.sequence += self.random.randint(1, 6)
            self.execute(session, range(first, self.sequence + 1))
            if self.random.random() < 0.2:
                self.again(session, self.random.randint(max(1, self.sequence - WINDOW + 1), self.sequence))
            if self.random.random() < 0.05 and self.sequence > WINDOW:
                self.again(session, self.random.randint(1, self.sequence - WINDOW))
            if self.random.random() < 0.05:
                self.again(kept, self.random.randint(1, 8))
            self.pause(0.1)
        for sequence in range(1, 9):
            self.again(kept, sequence)
        self.leave()


def main():
    logging.disable()
    path, seed, first, clients, counters, addresses = sys.argv[1:]
    journal, over = Journal(path), threading.Event()
    failures = []

    def run(number):
        try:
            Client(number, seed, journal, int(counters), addresses.split(","), over).work()
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=run, args=(int(first) + i,)) for i in range(int(clients))]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    over.set()
    watchdog = threading.Timer(FINISH_SECONDS, os._exit, [3])
    watchdog.daemon = True
    watchdog.start()
    for thread in threads:
        thread.join()
    journal.file.close()
    sys.exit(1 if failures else 0)


main()
