"""The lesson `threads` in Python: the same threads, with threading, and processes beside them.

    peer.py counter unlocked|eager|locked ITERATIONS
    peer.py work|wait threads|processes COUNT SECONDS
    peer.py globals thread|process
    peer.py one-lock compute|wait|hash SECONDS
    peer.py end-one thread|process
    peer.py channels MESSAGES CAPACITY

Prints one JSON line. Only the standard library, and nothing newer than 3.6.
"""

import ctypes
import hashlib
import json
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
from threading import Thread

# Nothing here lasts longer: a peer that hangs ends itself, and its children with it.
MOST_SECONDS = 10

balance = 0
number = 100


# region: increment
def increment():
    global balance
    balance += 1  # a read, an addition and a write
# endregion


# region: unlocked
def unlocked(iterations):
    for _ in range(iterations):
        increment()
# endregion


# region: locked
def locked(lock, iterations):
    for _ in range(iterations):
        lock.acquire()
        increment()
        lock.release()
# endregion


def end_with_parent(parent):
    """Asks Linux to kill this process when its parent ends, and bounds its life."""
    signal.alarm(MOST_SECONDS)
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    except (OSError, AttributeError):
        return
    if os.getppid() != parent:
        os._exit(1)


def class_of_processes(context):
    """The context's Process, whose children do not outlive this process."""
    parent = os.getpid()

    class Process(context.Process):
        def run(self):
            end_with_parent(parent)
            super().run()

    return Process


def start_and_join(workers):
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def counter(way, iterations):
    if way == "eager":
        # region: eager
        sys.setswitchinterval(0.00001)  # seconds; usually 0.005
        # endregion
    spans = []
    lock = threading.Lock()
    arrived = []

    def loop():
        arrived.append(1)
        while len(arrived) < 2:
            time.sleep(0)  # gives back the GIL, so that the other comes
        began = time.perf_counter()
        if way == "locked":
            locked(lock, iterations)
        else:
            unlocked(iterations)
        spans.append((began, time.perf_counter()))

    start_and_join([Thread(target=loop) for _ in range(2)])
    first, last = min(begin for begin, _ in spans), max(end for _, end in spans)
    together = min(end for _, end in spans) - max(begin for begin, _ in spans)
    return {
        "time_s": last - first,
        "expected": 2 * iterations,
        "got": balance,
        "overlap": max(0.0, together / min(end - begin for begin, end in spans)),
    }


def compute(steps):
    for _ in range(steps):
        pass


def steps_for(seconds):
    """Steps of `compute` that last so long here; of five calibrations the fastest counts."""
    if seconds == 0:
        return 0
    steps = 100000
    fastest = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        compute(steps)
        fastest = min(fastest, time.perf_counter() - began)
    return int(steps * seconds / fastest)


def tasks(context, what, how, count, seconds):
    task, amount = (compute, steps_for(seconds)) if what == "work" else (time.sleep, seconds)
    began = time.perf_counter()
    make = Thread if how == "threads" else class_of_processes(context)
    workers = [make(target=task, args=(amount,)) for _ in range(count)]
    start_and_join(workers)
    time_s = time.perf_counter() - began
    # A thread has no exit code: once it is joined, it has come to its end.
    done = sum(getattr(worker, "exitcode", 0) == 0 for worker in workers)
    told = {"time_s": time_s, "expected": count, "got": done}
    if how == "processes":
        told["start_method"] = context.get_start_method()
    return told


def greet(name, saw):
    global number
    print(name)
    number += 1
    saw.put(number)


def globals_of(context, kind):
    before = number
    if kind == "thread":
        saw = queue.Queue()
        # region: threads
        t1 = Thread(target=greet, args=("thread 1", saw))
        t2 = Thread(target=greet, args=("thread 2", saw))
        start_and_join([t1, t2])
        # endregion
    else:
        saw = context.SimpleQueue()
        Process = class_of_processes(context)
        # region: processes
        p1 = Process(target=greet, args=("process 1", saw))
        p2 = Process(target=greet, args=("process 2", saw))
        start_and_join([p1, p2])
        # endregion
    seen = max(saw.get() for _ in range(2))
    return {"before": before, "worker_saw": seen, "after": number}


def hash_of(data):
    hashlib.sha256(data).digest()


def data_for(seconds):
    """Zeros whose hash takes so long here, 64 MiB at most."""
    sample = bytes(1 << 20)
    fastest = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        hash_of(sample)
        fastest = min(fastest, time.perf_counter() - began)
    return bytes(min(64 << 20, max(1, int(len(sample) * seconds / fastest))))


def one_lock(what, seconds):
    if what == "compute":
        task, amount = compute, steps_for(seconds)
    elif what == "hash":
        task, amount = hash_of, data_for(seconds)
    else:
        task, amount = time.sleep, seconds
    told = {}
    for count in (1, 2, 4):
        began = time.perf_counter()
        start_and_join([Thread(target=task, args=(amount,)) for _ in range(count)])
        told["at_%d_s" % count] = time.perf_counter() - began
    return told


def beat(asked, beats):
    # Bounded: nobody counts longer than the peer may live.
    for _ in range(MOST_SECONDS * 1000):
        # region: look
        if asked.is_set():
            return
        # endregion
        beats.put(1)
        time.sleep(0.001)


def lives(beats):
    """Whether this one counts on, from now."""
    while not beats.empty():
        beats.get()
    end = time.monotonic() + 3
    while beats.empty() and time.monotonic() < end:
        time.sleep(0.001)
    return not beats.empty()


def end_one(context, kind):
    if kind == "thread":
        make, event, channel = Thread, threading.Event, queue.Queue
    else:
        make, event, channel = class_of_processes(context), context.Event, context.SimpleQueue
    asked = [event(), event()]
    beats = [channel(), channel()]
    one, other = (make(target=beat, args=(asked[i], beats[i])) for i in range(2))
    one.start()
    other.start()
    if not (lives(beats[0]) and lives(beats[1])):
        sys.exit("two workers that count: they do not")
    has_method = hasattr(one, "terminate")
    if has_method:
        one.terminate()
    else:
        asked[0].set()
    one.join(3)
    ended, going_on = not one.is_alive(), lives(beats[1])
    asked[1].set()
    other.join(3)
    return {
        "victim_ended": ended,
        "other_lives": going_on,
        "exitcode": getattr(one, "exitcode", None),
        "has_method": has_method,
    }


def channels(messages, capacity):
    channel = queue.Queue(capacity)
    got = [[], []]

    def receive(mine):
        while True:
            message = channel.get()
            if message is None:
                return
            mine.append(message)

    began = time.perf_counter()
    receivers = [Thread(target=receive, args=(mine,)) for mine in got]
    for receiver in receivers:
        receiver.start()
    for message in range(messages):
        channel.put(message)
    for _ in receivers:
        channel.put(None)  # a sign for the end, one for each
    for receiver in receivers:
        receiver.join()
    time_s = time.perf_counter() - began
    counts = [len(mine) for mine in got]
    return {
        "received": sum(counts),
        "twice": len(set(got[0]) & set(got[1])),
        "most": max(counts),
        "fewest": min(counts),
        "time_s": time_s,
    }


def main():
    signal.alarm(MOST_SECONDS)
    context = multiprocessing.get_context("fork")
    what, rest = sys.argv[1], sys.argv[2:]
    if what == "counter":
        told = counter(rest[0], int(rest[1]))
    elif what in ("work", "wait"):
        told = tasks(context, what, rest[0], int(rest[1]), float(rest[2]))
    elif what == "globals":
        told = globals_of(context, rest[0])
    elif what == "one-lock":
        told = one_lock(rest[0], float(rest[1]))
    elif what == "end-one":
        told = end_one(context, rest[0])
    else:
        told = channels(int(rest[0]), int(rest[1]))
    print(json.dumps(told))
    sys.stdout.flush()
    # Leaves at once: a worker that did not end in time must not hold the peer up.
    os._exit(0)


if __name__ == "__main__":
    main()
