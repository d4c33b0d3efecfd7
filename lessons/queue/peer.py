"""The lesson `queue` in Python: the same sum, with multiprocessing.

    peer.py sum serial|process-per-item N WORK_S WAIT_S

Prints one JSON line. Only the standard library, and nothing newer than 3.6.
"""

import ctypes
import json
import multiprocessing
import os
import signal
import sys
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


def compute(steps):
    for _ in range(steps):
        pass


def steps_for(seconds):
    """Steps of `compute` that last so long here, from one calibration."""
    if seconds == 0:
        return 0
    steps = 200000
    began = time.perf_counter()
    compute(steps)
    return int(steps * seconds / (time.perf_counter() - began))


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


def main():
    signal.alarm(MOST_SECONDS)
    context = multiprocessing.get_context("fork")
    way, n, work, wait = sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])
    print(json.dumps(main_sum(context, way, n, work, wait)))


if __name__ == "__main__":
    main()
