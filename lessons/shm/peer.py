"""The lesson `shm` in Python: the same experiments, with multiprocessing.

    peer.py written variable|global|value
    peer.py bits f|d
    peer.py carry pipe|shm N
    peer.py footprint list|array
    peer.py attach NAME

Prints one JSON line. Only the standard library, and nothing newer than 3.6.
"""

import array
import ctypes
import json
import multiprocessing
import os
import signal
import struct
import subprocess
import sys
import time

# Nothing here lasts longer: a peer that hangs ends itself, and its children with it.
MOST_SECONDS = 10

NUMBERS = [1, 2, 3, 4, 5, 6.4, 6.8, 5.3]

result_total = 0.0


def end_with_parent(parent):
    """Asks Linux to kill this process when its parent ends, and bounds its life."""
    signal.alarm(MOST_SECONDS)
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    except (OSError, AttributeError):
        return
    if os.getppid() != parent:
        os._exit(1)


# region: variable
def sum_2(numbers, result, result_sum):
    for index, number in enumerate(numbers):
        result[index] = number + 2
    result_sum = sum(numbers)
    return result_sum
# endregion


# region: value
def sum_2_mended(numbers, result, result_sum):
    for index, number in enumerate(numbers):
        result[index] = number + 2
    result_sum.value = sum(numbers)  # the name keeps its meaning
    return result_sum.value
# endregion


# region: global
def sum_2_global(numbers, result, _):
    global result_total
    for index, number in enumerate(numbers):
        result[index] = number + 2
    result_total = sum(numbers)
    return result_total
# endregion


WAYS = {"variable": sum_2, "value": sum_2_mended, "global": sum_2_global}


def in_child(parent, way, result, result_sum, told):
    end_with_parent(parent)
    told.value = WAYS[way](NUMBERS, result, result_sum)


def main_written(context, way):
    result = context.Array("f", len(NUMBERS))
    result_sum = context.Value("f")
    told = context.Value("d")
    before = result[:]
    args = (os.getpid(), way, result, result_sum, told)
    p = context.Process(target=in_child, args=args)
    p.start()
    p.join()
    return {
        "child_sum": told.value,
        "parent_sum": result_total if way == "global" else result_sum.value,
        "array_before": ", ".join(map(repr, before)),
        "array": ", ".join(map(repr, result[:])),
    }


def put_sum(parent, array):
    end_with_parent(parent)
    array[0] = 6.4 + 2


def main_bits(context, code):
    # region: bits
    array = context.Array(code, 1)
    p = context.Process(target=put_sum, args=(os.getpid(), array))
    p.start()
    p.join()
    equal = array[0] == 8.4
    # endregion
    return {
        "stored": repr(array[0]),
        "equal": equal,
        "bits": "0x" + struct.pack(">" + code, array[0]).hex(),
    }


def add_two_by_pipe(parent, conn):
    end_with_parent(parent)
    conn.send("ready")
    # region: carry-pipe
    numbers = conn.recv()
    conn.send([number + 2 for number in numbers])
    # endregion


def carry_by_pipe(context, numbers):
    conn, other = context.Pipe()
    p = context.Process(target=add_two_by_pipe, args=(os.getpid(), other))
    p.start()
    conn.recv()
    began = time.perf_counter()
    conn.send(numbers)
    results = conn.recv()
    took = time.perf_counter() - began
    p.join()
    return results, took


def add_two_in_place(parent, array, go, done):
    end_with_parent(parent)
    done.release()
    # region: carry-shm
    go.acquire()
    array[:] = [number + 2 for number in array]
    done.release()
    # endregion


def carry_by_shm(context, numbers):
    array = context.Array("d", len(numbers), lock=False)
    go, done = context.Semaphore(0), context.Semaphore(0)
    p = context.Process(target=add_two_in_place, args=(os.getpid(), array, go, done))
    p.start()
    done.acquire()
    began = time.perf_counter()
    array[:] = numbers
    go.release()
    done.acquire()
    results = array[:]
    took = time.perf_counter() - began
    p.join()
    return results, took


def main_carry(context, way, n):
    numbers = [float(number) for number in range(n)]
    carry = carry_by_pipe if way == "pipe" else carry_by_shm
    results, took = carry(context, numbers)
    if results != [number + 2 for number in numbers]:
        sys.exit("the results are not the numbers plus 2")
    return {
        "time_s": took,
        "expected": int(sum(number + 2 for number in numbers)),
        "got": int(sum(results)),
    }


# As many as make some 40 MiB of a list: 8 bytes a place, and an object for each.
IN_LIST = 1 << 20
CHILDREN = 4


def pss(pid):
    """The memory of a process, each page divided by the number of those who share it; without
    the pages of files, which belong to whoever runs the same program elsewhere, too."""
    with open("/proc/%d/smaps_rollup" % pid) as rollup:
        lines = [line.split() for line in rollup]
    sizes = [int(line[1]) for line in lines if line[0] in ("Pss_Anon:", "Pss_Shmem:")]
    if len(sizes) != 2:
        raise OSError("no Pss_Anon and Pss_Shmem in smaps_rollup")
    return sum(sizes) * 1024



def read_inherited(parent, numbers, barrier):
    end_with_parent(parent)
    # region: read
    sum(numbers)  # made before the fork
    # endregion
    barrier.wait(MOST_SECONDS)
    barrier.wait(MOST_SECONDS)


def together(context, make):
    """What parent and children take together, and the parent alone before them."""
    numbers = make()
    alone = pss(os.getpid())
    barrier = context.Barrier(CHILDREN + 1)
    args = (os.getpid(), numbers, barrier)
    children = [context.Process(target=read_inherited, args=args) for _ in range(CHILDREN)]
    for p in children:
        p.start()
    barrier.wait(MOST_SECONDS)
    whole = sum(pss(pid) for pid in [os.getpid()] + [p.pid for p in children])
    barrier.wait(MOST_SECONDS)
    for p in children:
        p.join()
    return alone, whole


def main_footprint(context, way):
    def numbers(count):
        if way == "array":
            return array.array("d", [0.5]) * count
        return [number + 0.5 for number in range(count)]

    try:
        pss(os.getpid())
    except OSError:
        return {"data_bytes": 0, "added_bytes": 0}  # the kernel does not tell
    count = IN_LIST if way == "list" else 4 * IN_LIST
    together(context, lambda: numbers(0))  # the first time, more is loaded than later
    alone_without, without = together(context, lambda: numbers(0))
    alone_with, whole = together(context, lambda: numbers(count))
    return {"data_bytes": alone_with - alone_without, "added_bytes": whole - without}


# What a program does that knows nothing but the name.
STRANGER = """
import sys
from multiprocessing import shared_memory
memory = shared_memory.SharedMemory(name=sys.argv[1])
memory.buf[0] = memory.buf[0] + 2
memory.close()
"""


def main_attach(name):
    try:
        from multiprocessing import shared_memory  # since 3.8
    except ImportError:
        return {"attached": None, "name_left": None, "found": None}
    memory = shared_memory.SharedMemory(name=name, create=True, size=8)
    memory.buf[0] = 5
    stranger = subprocess.Popen(
        [sys.executable, "-I", "-B", "-c", STRANGER, name],
        stderr=subprocess.DEVNULL,
    )
    stranger.wait()
    # The stranger's resource tracker is a process of its own, and cleans up after it.
    end = time.monotonic() + 1
    path = "/dev/shm/" + name
    while os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.01)
    left = os.path.exists(path)
    told = {"attached": stranger.returncode == 0, "name_left": left, "found": memory.buf[0]}
    memory.close()
    if left:
        memory.unlink()
    return told


def main():
    signal.alarm(MOST_SECONDS)
    context = multiprocessing.get_context("fork")
    what, rest = sys.argv[1], sys.argv[2:]
    if what == "written":
        told = main_written(context, rest[0])
    elif what == "bits":
        told = main_bits(context, rest[0])
    elif what == "footprint":
        told = main_footprint(context, rest[0])
    elif what == "carry":
        told = main_carry(context, rest[0], int(rest[1]))
    else:
        told = main_attach(rest[0])
    told["start_method"] = context.get_start_method()
    print(json.dumps(told))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
