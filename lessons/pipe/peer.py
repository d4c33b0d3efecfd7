"""The lesson `pipe` in Python: the same greeting, echo and transfer, with multiprocessing.

    peer.py echo pipe|pipe-oneway|queue|shm N CPU CPU
    peer.py greeting COUNT
    peer.py bandwidth pipe|pipe-oneway LENGTH COUNT CPU CPU

A CPU is a number, or `free`. Prints one JSON line. Only the standard library, and nothing newer than
3.6.
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
# Round trips before the clock starts.
WARM_UP = 10


def end_with_parent(parent):
    """Asks Linux to kill this process when its parent ends, and bounds its life."""
    signal.alarm(MOST_SECONDS)
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    except (OSError, AttributeError):
        return
    if os.getppid() != parent:
        os._exit(1)


def stay_on(cpu):
    if cpu != "free":
        os.sched_setaffinity(0, {int(cpu)})


class Queued:
    """A Queue behind the verbs of a connection."""

    def __init__(self, queue):
        self.send = queue.put
        self.recv = queue.get


class Word:
    """A number in shared memory behind the verbs of a connection: the next message is there when
    its count is. Count and number are one word, which no reader sees half written."""

    # How often a reader looks before it sleeps for a moment: there may be one CPU for both, and
    # nothing in Python sleeps until a word changes.
    LOOKS = 1000
    MOMENT = 0.00005

    def __init__(self, context):
        self.word = context.RawValue("l", 0)  # 64 bits; "q" is newer than 3.6
        self.count = 0  # of messages, in each process its own

    def send(self, number):
        self.count += 1
        self.word.value = self.count << 32 | number

    def recv(self):
        self.count += 1
        looks = 0
        while self.word.value >> 32 != self.count:
            looks += 1
            if looks % self.LOOKS == 0:
                time.sleep(self.MOMENT)
        return self.word.value & 0xFFFFFFFF


def two_way(context, way):
    """(reads, writes) of this process and of the other one."""
    if way == "shm":
        one, other = Word(context), Word(context)
        return (one, other), (other, one)
    if way == "queue":
        one, other = Queued(context.Queue()), Queued(context.Queue())
        return (one, other), (other, one)
    if way == "pipe":
        # region: pipe
        here, there = context.Pipe()  # two connected sockets
        # endregion
        return (here, here), (there, there)
    # region: pipe-oneway
    reads_here, writes_there = context.Pipe(False)
    reads_there, writes_here = context.Pipe(False)
    # endregion
    return (reads_here, writes_here), (reads_there, writes_there)


def ask(reads, writes, n):
    total = 0
    # region: ask
    for number in range(n):
        writes.send(number)
        total += reads.recv()
    # endregion
    return total


def echo(reads, writes, n):
    # region: echo
    for _ in range(n):
        number = reads.recv()
        writes.send(number)
    # endregion


def echo_in_child(parent, end, n, cpu):
    end_with_parent(parent)
    stay_on(cpu)
    echo(end[0], end[1], n)


def main_echo(context, way, n, cpus):
    here, there = two_way(context, way)
    args = (os.getpid(), there, WARM_UP + n, cpus[1])
    process = context.Process(target=echo_in_child, args=args)
    process.start()
    stay_on(cpus[0])
    ask(here[0], here[1], WARM_UP)
    began = time.perf_counter()
    got = ask(here[0], here[1], n)
    took = time.perf_counter() - began
    process.join()
    return {
        "time_s": took,
        "expected": sum(range(n)),
        "got": got,
        "cpus": None if "free" in cpus else [int(cpu) for cpu in cpus],
        "start_method": context.get_start_method(),
    }


# region: functions
def print_1(name, conn, out):
    conn.send(name)
    say(out, "print_1: hello " + name)


def print_2(conn, out):
    name = conn.recv()
    say(out, "print_2: " + name + " has logged in")
# endregion


def say(out, text):
    """A whole line in one write, so that lines never mix."""
    os.write(out, (text + "\n").encode())


def print_1_in_child(parent, *args):
    end_with_parent(parent)
    print_1(*args)


def print_2_in_child(parent, *args):
    end_with_parent(parent)
    print_2(*args)


def greet(context):
    """What the two printed, as it came."""
    reader, out = os.pipe()
    conn1, conn2 = context.Pipe()
    parent = os.getpid()
    # region: greet
    p1 = context.Process(target=print_1_in_child, args=(parent, "Piero", conn1, out))
    p2 = context.Process(target=print_2_in_child, args=(parent, conn2, out))
    p1.start()
    p2.start()
    # endregion
    p2.join()
    p1.join()
    printed = os.read(reader, 4096).decode()
    os.close(reader)
    os.close(out)
    return printed


def kind(end):
    """What the kernel calls an end of a connection: `socket`, or `pipe`."""
    return os.readlink("/proc/self/fd/%d" % end.fileno()).split(":")[0]


def main_greeting(context, count):
    printed = [greet(context) for _ in range(count)]
    sender_first = sum(text.startswith("print_1") for text in printed)
    return {
        "greetings": count,
        "sender_first": sender_first,
        "receiver_first": count - sender_first,
        "two_way": kind(context.Pipe()[0]),
        "one_way": kind(context.Pipe(False)[0]),
        "start_method": context.get_start_method(),
    }


def send_in_child(parent, end, length, count, cpu):
    end_with_parent(parent)
    stay_on(cpu)
    message = b"x" * length
    end[0].recv()
    for _ in range(count):
        end[1].send_bytes(message)


def main_bandwidth(context, way, length, count, cpus):
    here, there = two_way(context, way)
    args = (os.getpid(), there, length, count, cpus[0])
    process = context.Process(target=send_in_child, args=args)
    process.start()
    stay_on(cpus[1])
    began = time.perf_counter()
    here[1].send("go")
    for _ in range(count):
        if len(here[0].recv_bytes()) != length:
            sys.exit("a message came with another length")
    took = time.perf_counter() - began
    process.join()
    return {"time_s": took, "start_method": context.get_start_method()}


def main():
    signal.alarm(MOST_SECONDS)
    context = multiprocessing.get_context("fork")
    what, args = sys.argv[1], sys.argv[2:]
    if what == "echo":
        told = main_echo(context, args[0], int(args[1]), args[2:4])
    elif what == "greeting":
        told = main_greeting(context, int(args[0]))
    else:
        told = main_bandwidth(context, args[0], int(args[1]), int(args[2]), args[3:5])
    print(json.dumps(told))


if __name__ == "__main__":
    main()
