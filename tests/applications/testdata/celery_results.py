"""Celery's result backend with default settings: results are stored by one process, through one node, and awaited by
another, through another node and by subscription.

    python3 celery_results.py HOST:PORT OTHER:PORT

The first node is that of the process which waits. It starts itself once more as the process that stores: this waits
until the other one listens, so that no result is found by looking.
"""

import subprocess
import sys
import uuid

import redis
from celery import Celery, states

PATIENCE = 60


def backend(address):
    return Celery("app", backend=f"redis://{address}/0").backend


def store(address, waiting, kind, ids):
    """Stores results as a worker does, when the process that waits listens to each."""
    here = backend(address)
    node = redis.Redis.from_url(f"redis://{waiting}/0")
    channels = [here.get_key_for_task(task) for task in ids]
    while any(listeners == 0 for _, listeners in node.pubsub_numsub(*channels)):
        pass
    for number, task in enumerate(ids):
        if kind == "failure":
            here.store_result(task, ValueError("of the task"), states.FAILURE, traceback="of the task")
        else:
            here.store_result(task, {"number": number}, states.SUCCESS)


class worker:
    """A process that stores results. It must end well."""

    def __init__(self, kind, ids):
        self.process = subprocess.Popen([sys.executable, __file__, "store", OTHER, WAITING, kind, *ids])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.wait(PATIENCE) != 0:
            raise AssertionError("the process that stores has failed")


def awaited():
    app = Celery("app", backend=f"redis://{WAITING}/0")
    task = str(uuid.uuid4())
    with worker("success", [task]):
        assert app.AsyncResult(task).get(timeout=PATIENCE) == {"number": 0}
    assert app.AsyncResult(task).state == states.SUCCESS
    app.AsyncResult(task).forget()
    assert app.AsyncResult(task).state == states.PENDING


def failed():
    app = Celery("app", backend=f"redis://{WAITING}/0")
    task = str(uuid.uuid4())
    with worker("failure", [task]):
        try:
            app.AsyncResult(task).get(timeout=PATIENCE)
        except ValueError as error:
            assert str(error) == "of the task"
        else:
            raise AssertionError("the failure was lost")


def many():
    app = Celery("app", backend=f"redis://{WAITING}/0")
    ids = [str(uuid.uuid4()) for _ in range(20)]
    results = app.ResultSet([app.AsyncResult(task) for task in ids])
    with worker("success", ids):
        assert results.join_native(timeout=PATIENCE) == [{"number": n} for n in range(len(ids))]


def found():
    """A result that is there already is found by looking."""
    app = Celery("app", backend=f"redis://{WAITING}/0")
    task = str(uuid.uuid4())
    backend(OTHER).store_result(task, "early", states.SUCCESS)
    assert app.AsyncResult(task).get(timeout=PATIENCE) == "early"


if sys.argv[1] == "store":
    store(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:])
else:
    WAITING, OTHER = sys.argv[1], sys.argv[2]
    for step in (awaited, failed, many, found):
        step()
        print(f"done {step.__name__}", flush=True)
