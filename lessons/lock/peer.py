"""The lesson `lock` in Python: the same bank, with multiprocessing.

    peer.py bank unlocked|locked ITERATIONS
    peer.py price ITERATIONS

Prints one JSON line. Only the standard library, and nothing newer than 3.6.
"""

import ctypes
import json
import multiprocessing
import os
import signal
import sys
import time

START = 100
# Nothing here lasts longer: a peer that hangs ends itself, and its children with it.
MOST_SECONDS = 10


# region: unlocked
def unlocked(balance, amount, iterations):
    for _ in range(iterations):
        balance.value += amount  # a read and a write
# endregion


# region: locked
def locked(balance, lock, amount, iterations):
    for _ in range(iterations):
        lock.acquire()
        balance.value += amount
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


def places(processes):
    """A CPU for each process where there are enough, as the Rust side has it; else none."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[:processes] if len(usable) > 1 else None


def worker(parent, index, way, balance, lock, amount, iterations, cpus, arrived, clock):
    end_with_parent(parent)
    if cpus:
        os.sched_setaffinity(0, {cpus[index]})
    # Waits by looking: a process that sleeps at a barrier wakes too late for the race.
    arrived[index] = 1
    while not all(arrived):
        pass
    began = time.perf_counter()
    if way == "locked":
        locked(balance, lock, amount, iterations)
    else:
        unlocked(balance, amount, iterations)
    clock[1] = time.perf_counter()
    clock[0] = began


def race(context, way, amounts, iterations):
    """Runs one process for each amount (two at most); gives the balance, their clocks, and
    the seconds from before the processes were made to after the last was joined."""
    balance = context.Value("i", START)
    lock = context.Lock()
    arrived = context.Array("b", len(amounts), lock=False)
    clocks = [context.Array("d", 2, lock=False) for _ in amounts]
    began = time.perf_counter()
    processes = [
        context.Process(
            target=worker,
            args=(os.getpid(), index, way, balance, lock, amount, iterations)
            + (places(len(amounts)), arrived, clocks[index]),
        )
        for index, amount in enumerate(amounts)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode != 0:
            sys.exit("a process ended with %s" % process.exitcode)
    whole = time.perf_counter() - began
    return balance.value, [tuple(clock) for clock in clocks], whole


def elapsed(spans):
    return max(end for _, end in spans) - min(begin for begin, _ in spans)


def mean(spans):
    return sum(end - begin for begin, end in spans) / len(spans)


def overlap(spans):
    together = min(end for _, end in spans) - max(begin for begin, _ in spans)
    return max(0.0, together / min(end - begin for begin, end in spans))


def bank(context, way, iterations):
    got, spans, whole = race(context, way, [-1, 1], iterations)
    return {
        "time_s": elapsed(spans),
        "whole_s": whole,
        "expected": START,
        "got": got,
        "overlap": overlap(spans),
        "cpus": places(2),
        "start_method": context.get_start_method(),
    }


def price(context, iterations):
    alone = race(context, "locked", [1], iterations)[1]
    contended = race(context, "locked", [1, 1], iterations)[1]
    return {
        "alone_ns": mean(alone) * 1e9 / iterations,
        "contended_ns": mean(contended) * 1e9 / iterations,
        "overlap": overlap(contended),
    }


def main():
    signal.alarm(MOST_SECONDS)
    context = multiprocessing.get_context("fork")
    if sys.argv[1] == "bank":
        told = bank(context, sys.argv[2], int(sys.argv[3]))
    else:
        told = price(context, int(sys.argv[2]))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
