"""The lesson `manager` in Python: the same lists, with multiprocessing.

    peer.py append manager|manager-batch N
    peer.py call N
    peer.py kept plain|set-again|managed
    peer.py killed waiting|calling

Prints one JSON line. Only the standard library, and nothing newer than 3.6.
"""

import ctypes
import json
import multiprocessing
import multiprocessing.managers
import os
import signal
import sys
import time

# Nothing here lasts longer: a peer that hangs ends itself, and its children with it.
MOST_SECONDS = 10
CLIENTS = 3


def end_with_parent(parent):
    """Asks Linux to kill this process when its parent ends, and bounds its life."""
    signal.alarm(MOST_SECONDS)
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    except (OSError, AttributeError):
        return
    if os.getppid() != parent:
        os._exit(1)


def start_manager(context):
    """`context.Manager()`, whose server ends with this process.

    Its socket lies where this file does, in the directory that is removed after the run.
    """
    home = os.path.dirname(os.path.abspath(__file__))
    address = os.path.join(home, "manager.py-{}".format(os.getpid()))
    manager = multiprocessing.managers.SyncManager(address, ctx=context)
    manager.start(end_with_parent, (os.getpid(),))
    return manager


# region: append-each
def append_each(ns, numbers):
    for number in numbers:
        ns.result.append(number + 2)
# endregion


# region: append-all
def append_all(ns, numbers):
    ns.result.extend([number + 2 for number in numbers])
# endregion


def append_in_child(parent, append, ns, numbers, clock):
    end_with_parent(parent)
    len(ns.result)  # opens this process's own connections before the clock runs
    clock[0] = time.perf_counter()
    append(ns, numbers)
    clock[1] = time.perf_counter()


def main_append(context, way, n):
    append = {"manager": append_each, "manager-batch": append_all}[way]
    numbers = list(range(n))
    manager = start_manager(context)
    ns = manager.Namespace()
    ns.result = manager.list()
    clock = context.Array("d", 2, lock=False)
    args = (os.getpid(), append, ns, numbers, clock)
    child = context.Process(target=append_in_child, args=args)
    child.start()
    child.join()
    began = time.perf_counter()
    result = ns.result[:]
    got = time.perf_counter() - began
    if result != [number + 2 for number in numbers]:
        sys.exit("the list is not the numbers plus 2")
    return {
        "time_s": clock[1] - clock[0] + got,
        "expected": sum(number + 2 for number in numbers),
        "got": sum(result),
    }


def call_in_child(parent, result, n, clock):
    end_with_parent(parent)
    len(result)  # opens this process's own connection before the clock runs
    clock[0] = time.perf_counter()
    for number in range(n):
        result.append(number)
    clock[1] = time.perf_counter()


def main_call(context, n):
    manager = start_manager(context)
    result = manager.list()
    clock = context.Array("d", 2, lock=False)
    child = context.Process(target=call_in_child, args=(os.getpid(), result, n, clock))
    child.start()
    child.join()
    kept = result[:]
    if kept != list(range(n)):
        sys.exit("the list is not the numbers")
    return {"time_s": clock[1] - clock[0], "expected": sum(range(n)), "got": sum(kept)}


# region: append
def append(ns):
    result = ns.result
    result.append(3)
# endregion
    return len(result)


# region: set-again
def set_again(ns):
    result = ns.result
    result.append(3)
    ns.result = result
# endregion
    return len(result)


def keep_in_child(parent, way, ns, notes):
    end_with_parent(parent)
    try:
        # The same lines for a plain list and for a managed one.
        notes[0] = set_again(ns) if way == "set-again" else append(ns)
    except Exception:
        notes[1] = 1


def main_kept(context, way):
    manager = start_manager(context)
    ns = manager.Namespace()
    ns.result = manager.list() if way == "managed" else []
    notes = context.Array("i", 2, lock=False)
    child = context.Process(target=keep_in_child, args=(os.getpid(), way, ns, notes))
    child.start()
    child.join()
    return {"in_child": notes[0], "kept": len(ns.result), "failed": bool(notes[1])}


def error_of(call):
    try:
        call()
        return "none"
    except Exception as error:
        return type(error).__name__


def client(parent, way, queue, numbers, ready, ended, answers):
    end_with_parent(parent)
    numbers.append(1)
    ready.release()
    if way == "waiting":
        first = error_of(queue.get)  # nobody puts anything
    else:
        ended.acquire()
        first = error_of(numbers.__len__)
    answers.put((first, error_of(numbers.__len__)))


def main_killed(context, way):
    manager = start_manager(context)
    queue, numbers = manager.Queue(), manager.list()
    ready, ended, answers = context.Semaphore(0), context.Semaphore(0), context.SimpleQueue()
    args = (os.getpid(), way, queue, numbers, ready, ended, answers)
    clients = [context.Process(target=client, args=args) for _ in range(CLIENTS)]
    for process in clients:
        process.start()
    for _ in clients:
        ready.acquire()
    time.sleep(0.3)  # by then they wait; the server does not tell
    server = manager._process
    os.kill(server.pid, signal.SIGKILL)
    server.join()
    for _ in clients:
        ended.release()
    deadline = time.monotonic() + 3
    for process in clients:
        process.join(max(0, deadline - time.monotonic()))
    hanging = sum(process.is_alive() for process in clients)
    said = [answers.get() for process in clients if not process.is_alive()]
    for process in clients:
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join()
    return {
        "clients": CLIENTS,
        "told": sum(first != "none" for first, _ in said),
        "hanging": hanging,
        "error": " ".join(sorted({first for first, _ in said})),
        "next_error": " ".join(sorted({later for _, later in said})),
    }


def main():
    signal.alarm(MOST_SECONDS)
    context = multiprocessing.get_context("fork")
    if sys.argv[1] == "append":
        told = main_append(context, sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1] == "call":
        told = main_call(context, int(sys.argv[2]))
    elif sys.argv[1] == "kept":
        told = main_kept(context, sys.argv[2])
    else:
        told = main_killed(context, sys.argv[2])
    told["start_method"] = context.get_start_method()
    print(json.dumps(told))
    sys.stdout.flush()
    # Leaves at once: shutting down a manager whose server was killed would complain.
    os._exit(0)


if __name__ == "__main__":
    main()
