"""The lesson `process` in Python: the same children, with multiprocessing.

    peer.py children fork|spawn|forkserver|thread N
    peer.py inherited fork|spawn|forkserver TIMES
    peer.py args comma|no-comma N

Prints one JSON line. Only the standard library, and nothing newer than 3.6.
"""

import ctypes
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time

# Nothing here lasts longer: a peer that hangs ends itself, and its children with it.
MOST_SECONDS = 10
# In the program's file 1; the parent changes it at run time.
GLOBAL = 1
# Words of a child in the shared notes: first and last line, and the CPU (plus 1).
WORDS = 3


def clock_ns():
    return int(time.perf_counter() * 1e9)


def end_with_parent(parent):
    """Asks Linux to kill this process when its parent ends, and bounds its life. `parent` is
    None where that is not the process that asked for it (forkserver)."""
    signal.alarm(MOST_SECONDS)
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    except (OSError, AttributeError):
        return
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def parent_of_children(context):
    return None if context.get_start_method() == "forkserver" else os.getpid()


def cpu():
    """The CPU on which this process ran last: field 39 of /proc/self/stat."""
    with open("/proc/self/stat") as stat:
        return int(stat.read().rsplit(")", 1)[1].split()[36])


# region: child
def child(notes, number):
    notes[WORDS * number] = clock_ns()  # the first line
    notes[WORDS * number + 1] = clock_ns()  # the last
# endregion


def noting_child(parent, notes, number):
    child(notes, number)
    notes[WORDS * number + 2] = cpu() + 1
    end_with_parent(parent)


def noting_thread(which_cpu, notes, number):
    child(notes, number)
    notes[WORDS * number + 2] = which_cpu() + 1


# region: start-join
def start_and_join(processes, asked, joining, joined):
    for process in processes:
        asked.append(clock_ns())
        process.start()
    for process in processes:
        joining.append(clock_ns())
        process.join()
        joined.append(clock_ns())
# endregion


def processes(method, n):
    """The children as processes, and the notes that they share with their parent."""
    context = multiprocessing.get_context(method)
    notes = context.Array("l", WORDS * n, lock=False)  # 64 bits; "q" is newer than 3.6
    parent = parent_of_children(context)
    made = [
        context.Process(target=noting_child, args=(parent, notes, number)) for number in range(n)
    ]
    return made, notes


def threads(n):
    """The same as threads. Each asks the C library for its CPU: to read a file takes as long as
    a thread does."""
    notes = [0] * (WORDS * n)
    which_cpu = ctypes.CDLL(None).sched_getcpu
    made = [
        threading.Thread(target=noting_thread, args=(which_cpu, notes, number))
        for number in range(n)
    ]
    return made, notes


def children(method, n):
    made, notes = threads(n) if method == "thread" else processes(method, n)
    asked, joining, joined = [], [], []
    start_and_join(made, asked, joining, joined)
    told = []
    for number, one_child in enumerate(made):
        first, last, place = notes[WORDS * number : WORDS * (number + 1)]
        one = {
            "asked_ns": asked[number],
            "joining_ns": joining[number],
            "joined_ns": joined[number],
            "pid": getattr(one_child, "pid", None),  # a thread has none
        }
        if getattr(one_child, "exitcode", 0) == 0 and last:
            place = place - 1 if place else None
            one.update(first_ns=first, last_ns=last, cpus=[place, place])
        told.append(one)
    return {
        "time_s": (max(joined) - min(asked)) / 1e9,
        "expected": n,
        "got": sum("last_ns" in one for one in told),
        "start_method": None if method == "thread" else method,
        "children": told,
    }


def found():
    first = clock_ns()
    # Without the one that reads the list.
    descriptors = len(os.listdir("/proc/self/fd")) - 1
    return {"first_ns": first, "descriptors": descriptors, "global": GLOBAL}


def looking_child(parent, connection):
    what = found()
    end_with_parent(parent)
    connection.send(what)


def inherited(context, times):
    global GLOBAL
    GLOBAL = 2
    files = [open(os.devnull) for _ in range(5)]
    took = []
    for _ in range(times):
        receiver, sender = context.Pipe(False)
        process = context.Process(
            target=looking_child, args=(parent_of_children(context), sender)
        )
        asked = clock_ns()
        process.start()
        parent_found = found()
        sender.close()
        child_found = receiver.recv()
        process.join()
        receiver.close()
        took.append(child_found["first_ns"] - asked)
    for file in files:
        file.close()
    return {
        "parent": parent_found,
        "child": child_found,
        "first_line_ns": sorted(took)[len(took) // 2],
        "start_method": context.get_start_method(),
    }


def stampa(string="ciao"):
    end_with_parent(parent_of_stampa)
    return "La stringa: %s" % string


# region: comma
def with_comma(context, i):
    return context.Process(target=stampa, args=(str(i),))
# endregion


# region: no-comma
def without_comma(context, i):
    return context.Process(target=stampa, args=(str(i)))
# endregion


def error_of(make):
    try:
        make()
    except Exception as error:
        return "%s: %s" % (type(error).__name__, error)
    return None


def args(context, way, n):
    global parent_of_stampa
    parent_of_stampa = os.getpid()
    make = with_comma if way == "comma" else without_comma
    processes = [make(context, i) for i in range(n)]
    began = clock_ns()
    # The children that fail print their tracebacks here.
    with tempfile.TemporaryFile("w+") as errors:
        terminal, sys.stderr = sys.stderr, errors
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        sys.stderr = terminal
        ended = clock_ns()
        errors.seek(0)
        words = [line.strip() for line in errors if line.startswith("TypeError")]
    failed = [i for i, process in enumerate(processes) if process.exitcode != 0]
    return {
        "time_s": (ended - began) / 1e9,
        "expected": n,
        "got": n - len(failed),
        "start_method": context.get_start_method(),
        "first_failed": str(failed[0]) if failed else None,
        "error": words[0] if words else None,
        "number_error": error_of(lambda: context.Process(target=stampa, args=(7))),
    }


def main():
    signal.alarm(MOST_SECONDS)
    # What multiprocessing keeps in files (sockets of the forkserver) goes with this file.
    tempfile.tempdir = os.path.dirname(os.path.abspath(__file__))
    what, how, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if what == "args":
        told = args(multiprocessing.get_context("fork"), how, n)
    elif what == "inherited":
        told = inherited(multiprocessing.get_context(how), n)
    else:
        told = children(how, n)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
