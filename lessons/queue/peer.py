"""The lesson `queue` in Python: the same sum, with multiprocessing.

    peer.py sum serial|process-per-item N WORK_S WAIT_S
    peer.py join-first
    peer.py killed
    peer.py pickle

Prints one JSON line. Only the standard library, and nothing newer than 3.6.
"""

import ctypes
import fcntl
import json
import multiprocessing
import os
import signal
import struct
import sys
import termios
import time
from queue import Empty

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


def add_two_in_child(parent, number, queue, steps, wait):
    end_with_parent(parent)
    add_two(number, queue, steps, wait)


# region: add-two
def add_two(number, queue, steps, wait):
    compute(steps)  # nothing, unless --work asks for some
    time.sleep(wait)
    queue.put(number + 2)
# endregion


# region: serial
def serial(numbers, queue, steps, wait):
    for number in numbers:
        add_two(number, queue, steps, wait)
    return [queue.get() for _ in numbers]
# endregion


def process_per_item(context, numbers, queue, steps, wait):
    def process(number):
        args = (os.getpid(), number, queue, steps, wait)
        return context.Process(target=add_two_in_child, args=args)

    # region: processes
    processes = [process(number) for number in numbers]
    for p in processes:
        p.start()
    results = [queue.get() for _ in processes]  # first get
    for p in processes:
        p.join()  # then join
    # endregion
    return results


def main_sum(context, way, n, work, wait):
    steps = steps_for(work)
    numbers = list(range(n))
    queue = context.Queue()
    began = time.perf_counter()
    if way == "serial":
        results = serial(numbers, queue, steps, wait)
    else:
        results = process_per_item(context, numbers, queue, steps, wait)
    whole = time.perf_counter() - began
    if sorted(results) != [number + 2 for number in numbers]:
        sys.exit("the results are not the numbers plus 2")
    return {
        "time_s": whole,
        "expected": sum(number + 2 for number in numbers),
        "got": sum(results),
        "start_method": context.get_start_method(),
    }


# What the child of the trap puts: more than a pipe holds.
MESSAGES = 100
LENGTH = 1000


def put_all(parent, queue, put):
    end_with_parent(parent)
    for _ in range(MESSAGES):
        queue.put(b"x" * LENGTH)
        put.value += 1


def join_first(observer, context, queue, put, pid):
    end_with_parent(observer)
    child = context.Process(target=put_all, args=(os.getpid(), queue, put))
    child.start()
    pid.value = child.pid
    # region: join-first
    child.join()  # it ends when all is in the pipe
    for _ in range(MESSAGES):
        queue.get()
    # endregion


def read(path):
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""


def look(parent, child):
    """Parent, child and the child's feeder thread: each one's state, the kernel function it
    sleeps in, and the CPU time it had; None if they are not all asleep, or cannot be seen."""
    try:
        feeder = [int(tid) for tid in os.listdir("/proc/%d/task" % child) if int(tid) != child]
    except OSError:
        return None
    if len(feeder) != 1:
        return None
    waits = []
    for name, pid, tid in [
        ("parent", parent, parent),
        ("child", child, child),
        ("feeder", child, feeder[0]),
    ]:
        task = "/proc/%d/task/%d/" % (pid, tid)
        state = read(task + "stat").rpartition(")")[2].split()[:1]
        call = read(task + "wchan")
        if state != ["S"] or call in ("", "0"):
            return None
        waits.append([name, tid, call, read(task + "schedstat").split()[:1]])
    return waits


def main_join_first(context):
    queue = context.Queue()
    put, pid = context.Value("i", 0), context.Value("i", 0)
    args = (os.getpid(), context, queue, put, pid)
    parent = context.Process(target=join_first, args=args)
    parent.start()
    began = time.monotonic()
    stuck = before = None
    while parent.is_alive() and stuck is None and time.monotonic() - began < 2:
        time.sleep(0.1)
        now = look(parent.pid, pid.value)
        if now is not None and now == before:
            stuck = now
        before = now
    told = {
        "both_ended": not parent.is_alive() and parent.exitcode == 0,
        "put": put.value,
        "messages": MESSAGES,
        "message_bytes": LENGTH,
        "waited_s": time.monotonic() - began,
        "waits": [{"process": w[0], "pid": w[1], "call": w[2]} for w in stuck or []],
        "start_method": context.get_start_method(),
    }
    pipe = queue._reader.fileno()
    told["held_bytes"] = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]
    told["capacity_bytes"] = fcntl.fcntl(pipe, 1032)  # F_GETPIPE_SZ
    if parent.is_alive():
        os.kill(parent.pid, signal.SIGKILL)  # its child ends with it
    parent.join()
    return told


def put_in_child(parent, queue, messages):
    end_with_parent(parent)
    for message in messages:
        queue.put(message)


def get_in_child(parent, queue, count, got):
    end_with_parent(parent)
    for _ in range(count):
        queue.get()
        got.value += 1


def main_killed(context):
    """Kills a producer whose feeder fills the pipe, holding the lock of all who write."""
    queue = context.Queue()
    got = context.Value("i", 0)
    large = b"x" * 1000000
    victim = context.Process(target=put_in_child, args=(os.getpid(), queue, [large]))
    victim.start()
    # Nobody reads, and a pipe does not hold so much: once something is in it, the feeder
    # is in the middle of writing, and stays there.
    end = time.monotonic() + 5
    while queue.empty() and time.monotonic() < end:
        time.sleep(0.01)
    os.kill(victim.pid, signal.SIGKILL)
    victim.join()
    began = time.monotonic()
    putter = context.Process(target=put_in_child, args=(os.getpid(), queue, [11, 12, 13]))
    getter = context.Process(target=get_in_child, args=(os.getpid(), queue, 3, got))
    putter.start()
    getter.start()
    getter.join(1)
    putter.join(0)
    told = {
        "victim_exitcode": victim.exitcode,
        "others": got.value,
        "getter_waits": getter.is_alive(),
        "putter_waits": putter.is_alive(),
        "waited_s": time.monotonic() - began,
        "start_method": context.get_start_method(),
    }
    for process in (putter, getter):
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join()
    return told


def put_lambda(parent, queue, failed):
    end_with_parent(parent)
    # region: lambda
    try:
        queue.put(lambda number: number + 2)
    except Exception:
        failed.value = True
    # endregion
    time.sleep(0.1)  # one that is ending already would not even complain


def main_pickle(context):
    queue = context.Queue()
    failed = context.Value("b", False)
    complaints, stderr = os.pipe()
    kept = os.dup(2)
    os.dup2(stderr, 2)
    os.close(stderr)
    producer = context.Process(target=put_lambda, args=(os.getpid(), queue, failed))
    producer.start()
    producer.join()
    os.dup2(kept, 2)
    lines = os.read(complaints, 65536).decode("utf-8", "replace").strip().splitlines()
    began = time.monotonic()
    try:
        queue.get(timeout=0.3)
        waits = False
    except Empty:
        waits = True
    return {
        "put_failed": bool(failed.value),
        "exitcode": producer.exitcode,
        "getter_waits": waits,
        "waited_s": time.monotonic() - began,
        "complaint": lines[-1] if lines else "",
        "start_method": context.get_start_method(),
    }


def main():
    signal.alarm(MOST_SECONDS)
    context = multiprocessing.get_context("fork")
    if sys.argv[1] == "sum":
        way, n, work, wait = sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])
        told = main_sum(context, way, n, work, wait)
    elif sys.argv[1] == "join-first":
        told = main_join_first(context)
    elif sys.argv[1] == "killed":
        told = main_killed(context)
    else:
        told = main_pickle(context)
    print(json.dumps(told))
    sys.stdout.flush()
    # Leaves at once: the queue's own clearing up could wait for locks that the dead hold.
    os._exit(0)


if __name__ == "__main__":
    main()
