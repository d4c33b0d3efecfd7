"""The lesson `pool` in Python: the same tasks, with multiprocessing.

    peer.py map map|map-chunk-1 N WORKERS WORK_S WAIT_S
    peer.py callback WAIT_S
    peer.py chunks TASKS SIZE,…
    peer.py payload number|list|map TASKS ENTRIES
    peer.py before-def
    peer.py left-open
    peer.py killed map|map-async|imap-unordered|apply|exit|executor

Prints one JSON line. Only the standard library, and nothing newer than 3.6.
"""

import ctypes
import json
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time

# Nothing here lasts longer: a peer that hangs ends itself, and its children with it.
MOST_SECONDS = 10


def end_with_parent(parent):
    """Asks Linux to kill this process when its parent ends, and bounds its life."""
    signal.alarm(MOST_SECONDS)
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    except (OSError, AttributeError):
        return
    if os.getppid() != parent:
        os._exit(1)


def start(context, workers):
    """A pool whose workers end with this process, each at work."""
    pool = context.Pool(workers, initializer=end_with_parent, initargs=(os.getpid(),))
    pool.map(abs, range(workers), 1)
    return pool


def compute(steps):
    for _ in range(steps):
        pass


def steps_for(seconds):
    """Steps of `compute` that last so long here; of five calibrations the fastest counts."""
    if seconds == 0:
        return 0
    steps = 200000
    fastest = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        compute(steps)
        fastest = min(fastest, time.perf_counter() - began)
    return int(steps * seconds / fastest)


# Set before the workers are forked, which inherit them.
STEPS, WAIT = 0, 0.0


# region: task
def add_two(number):
    compute(STEPS)  # what --work asks for
    time.sleep(WAIT)
    return number + 2
# endregion


def spent(number):
    """The result, who made it, and when that was done."""
    result = add_two(number)
    return result, os.getpid(), time.perf_counter()


def main_map(context, way, n, workers, work, wait):
    global STEPS, WAIT
    STEPS, WAIT = steps_for(work), wait
    numbers = list(range(n))
    pool = start(context, workers)
    began = time.perf_counter()
    if way == "map":
        # region: map
        # The default chunk:
        tasks = pool.map(spent, numbers)
        # endregion
    else:
        tasks = pool.map(spent, numbers, chunksize=1)
    ended = time.perf_counter()
    pool.terminate()
    last = {}
    for _, pid, end in tasks:
        last.setdefault(pid, []).append(end)
    results = [task[0] for task in tasks]
    if results != [number + 2 for number in numbers]:
        sys.exit("the results are not the numbers plus 2")
    return {
        "time_s": ended - began,
        "busiest": max(len(ends) for ends in last.values()),
        "workers_used": len(last),
        "idle_s": sum(ended - max(ends) for ends in last.values()) / len(last),
        "start_method": context.get_start_method(),
    }


def main_callback(context, wait):
    global WAIT
    WAIT = wait
    pool = start(context, 2)
    called = []
    began = time.perf_counter()

    # region: callback
    def note(result):
        thread = threading.current_thread()
        called.append((time.perf_counter(), thread))

    result = pool.apply_async(spent, (1,), {}, note)
    time.sleep(3 * WAIT)  # the task has ended
    task = result.get()
    # endregion
    pool.terminate()
    at, thread = called[0]
    return {
        "done_s": task[2] - began,
        "callback_s": at - began,
        "callback_in_main": thread is threading.main_thread(),
        "callback_thread": thread.name,
        "start_method": context.get_start_method(),
    }


def trivial(number):
    return number + 2


def main_chunks(context, count, sizes):
    pool = start(context, 2)
    numbers = range(count)
    each_ns = []
    for size in sizes:
        took = []
        for _ in range(3):
            began = time.perf_counter()
            results = pool.map(trivial, numbers, size)
            took.append(time.perf_counter() - began)
        if results != [number + 2 for number in numbers]:
            sys.exit("the results are not the numbers plus 2")
        each_ns.append(sorted(took)[1] * 1e9 / count)
    pool.terminate()
    return {"each_ns": each_ns, "start_method": context.get_start_method()}


# region: arguments
def argument(kind, entries):
    if kind == "number":
        return 7
    if kind == "list":
        return list(range(entries))
    names = ["entry %d" % i for i in range(entries)]
    return {name: i for i, name in enumerate(names)}
# endregion


def count(argument):
    return 1 if isinstance(argument, int) else len(argument)


def main_payload(context, kind, tasks, entries):
    pool = start(context, 2)
    # Each its own: one and the same object would be pickled once in a chunk.
    arguments = [argument(kind, entries) for _ in range(tasks)]
    pool.map(count, arguments[:2], 1)
    began = time.perf_counter()
    counts = pool.map(count, arguments, 1)
    each = (time.perf_counter() - began) / tasks
    if set(counts) != {count(arguments[0])}:
        sys.exit("a worker counted something else")
    pool.terminate()
    began = time.perf_counter()
    messages = [pickle.dumps(one) for one in arguments]
    to_bytes = (time.perf_counter() - began) / tasks
    began = time.perf_counter()
    for message in messages:
        pickle.loads(message)
    from_bytes = (time.perf_counter() - began) / tasks
    return {
        "argument_bytes": len(messages[0]),
        "each_s": each,
        "to_bytes_s": to_bytes,
        "from_bytes_s": from_bytes,
        "start_method": context.get_start_method(),
    }


def main_before_def(context):
    """As in a fresh notebook: the pool first, then the function."""
    complaints, stderr = os.pipe()
    kept = os.dup(2)
    os.dup2(stderr, 2)
    pool = start(context, 2)
    # As a cell defines it: in the main module, from now on.
    exec("def defined_later(number):\n    return number + 2\n", globals())
    # region: before-def
    result = pool.map_async(defined_later, range(10))
    began = time.monotonic()
    result.wait(PATIENCE)  # it would be for ever
    # endregion
    waited = time.monotonic() - began
    os.dup2(kept, 2)
    os.set_blocking(complaints, False)
    said = os.read(complaints, 65536).decode("utf-8", "replace").strip().splitlines()
    # Without the file's name, which is of no interest.
    said = [line.split(" on <")[0] for line in said if line.startswith("AttributeError")]
    hung = not result.ready()
    after = start(context, 2).map(defined_later, range(10))
    return {
        "hung": hung,
        "waited_s": waited,
        "complaint": said[0] if said else None,
        "works_after": after == [number + 2 for number in range(10)],
        "start_method": context.get_start_method(),
    }


def private_bytes(pid):
    """Memory that the process shares with nobody; None if the kernel does not tell."""
    try:
        with open("/proc/%d/smaps_rollup" % pid) as rollup:
            sizes = [line.split()[1] for line in rollup if line.startswith("Private_")]
    except OSError:
        return None
    return 1024 * sum(int(size) for size in sizes)


def main_left_open(context):
    threads = threading.active_count()
    open_pool = start(context, 2)
    children = multiprocessing.active_children()
    sizes = [private_bytes(child.pid) for child in children]
    return {
        "workers_open": len(children) if open_pool else 0,
        "threads": threading.active_count() - threads,
        "private_bytes": None if None in sizes else sum(sizes),
        "start_method": context.get_start_method(),
    }


def kill_myself():
    os.kill(os.getpid(), signal.SIGKILL)


# region: killed
def killed_at_three(number):
    if number == 3:
        kill_myself()  # kill -9
    return number + 2
# endregion


def exits_at_three(number):
    if number == 3:
        sys.exit()
    return number + 2


ITEMS = 6
# How long somebody waits who would wait for ever.
PATIENCE = 0.5


def executor_map(context):
    from concurrent.futures import ProcessPoolExecutor

    arguments = {}
    if sys.version_info >= (3, 7):
        arguments = {
            "mp_context": context, "initializer": end_with_parent, "initargs": (os.getpid(),)
        }
    executor = ProcessPoolExecutor(2, **arguments)
    return executor.map(killed_at_three, range(ITEMS))


def ask(context, way, got):
    """Asks a pool in that way; the results go into `got` as they come."""
    if way == "executor":
        got.extend(executor_map(context))
        return
    pool = start(context, 2)
    task, numbers = killed_at_three, range(ITEMS)
    # region: ways
    if way == "map":
        got.extend(pool.map(task, numbers, 1))
    elif way == "map-async":
        given = pool.map_async(task, numbers, 1)
        got.extend(given.get())
    elif way == "imap-unordered":
        got.extend(pool.imap_unordered(task, numbers))
    elif way == "apply":
        for number in numbers:
            got.append(pool.apply(task, (number,)))
    # endregion
    else:
        got.extend(pool.map(exits_at_three, numbers, 1))


def main_killed(context, way):
    got, complaints = [], []

    def asking():
        try:
            ask(context, way, got)
        except Exception as error:
            complaints.append(type(error).__name__)

    began = time.monotonic()
    thread = threading.Thread(target=asking, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return {
        "items": ITEMS,
        "arrived": len(got),
        "hung": thread.is_alive(),
        "waited_s": time.monotonic() - began,
        "complaint": complaints[0] if complaints else None,
        "start_method": context.get_start_method(),
    }


def main():
    signal.alarm(MOST_SECONDS)
    context = multiprocessing.get_context("fork")
    arguments = sys.argv[2:]
    if sys.argv[1] == "map":
        way, n, workers = arguments[0], int(arguments[1]), int(arguments[2])
        told = main_map(context, way, n, workers, float(arguments[3]), float(arguments[4]))
    elif sys.argv[1] == "chunks":
        sizes = [int(size) for size in arguments[1].split(",")]
        told = main_chunks(context, int(arguments[0]), sizes)
    elif sys.argv[1] == "payload":
        told = main_payload(context, arguments[0], int(arguments[1]), int(arguments[2]))
    elif sys.argv[1] == "before-def":
        told = main_before_def(context)
    elif sys.argv[1] == "left-open":
        told = main_left_open(context)
    elif sys.argv[1] == "callback":
        told = main_callback(context, float(arguments[0]))
    else:
        told = main_killed(context, arguments[0])
    print(json.dumps(told))
    sys.stdout.flush()
    # Leaves at once: a pool that hangs would keep its process from ending.
    os._exit(0)


if __name__ == "__main__":
    main()
