"""The lesson `download` in Python: the same files, with http.client and threading.

    peer.py files serial|threads-N ADDRESS COUNT DIRECTORY
    peer.py range N ADDRESS COUNT DIRECTORY
    peer.py request ADDRESS COUNT BYTES

Prints one JSON line. Only the standard library, and nothing newer than 3.6. (The notebook uses
`requests`, which is not in it; http.client does not look at the status either.)
"""

import hashlib
import http.client
import json
import os
import signal
import sys
import threading
import time
from queue import Empty, Queue
from urllib.parse import urlsplit

# Nothing here lasts longer: a peer that hangs ends itself.
MOST_SECONDS = 10
BUFFER_SIZE = 65536
# Requests before the clock starts; the first of them opens the connection.
WARM_UP = 10


def connect(address):
    return http.client.HTTPConnection(urlsplit(address).netloc, timeout=5)


def get(connection, url):
    connection.request("GET", urlsplit(url).path)
    return connection.getresponse()


# region: download
def download(connection, url, directory):
    response = get(connection, url)  # waits for the status and the headers
    if response.status != 200:
        raise OSError(response.reason)  # an error page is not the file
    filename = os.path.join(directory, url.split("/")[-1])
    with open(filename + ".part", "wb") as f:
        data = response.read(BUFFER_SIZE)
        while data:
            f.write(data)
            data = response.read(BUFFER_SIZE)
    os.rename(filename + ".part", filename)  # whole, or not at all
# endregion


def serial(urls, directory):
    connection = connect(urls[0])
    # region: serial
    for url in urls:
        download(connection, url, directory)
    # endregion
    connection.close()


def in_threads(urls, directory, count):
    waiting = Queue()
    for url in urls:
        waiting.put(url)

    # region: threads
    def work():
        connection = connect(urls[0])
        while True:
            try:
                url = waiting.get_nowait()  # that nobody has yet
            except Empty:
                return
            download(connection, url, directory)

    threads = [threading.Thread(target=work) for _ in range(count)]
    # endregion
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def notebook(urls, directory, end):
    def one(url):
        download(connect(url), url, directory)

    # region: range
    threads = [threading.Thread(target=one, args=(urls[x],)) for x in range(end)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # endregion


def ask(connection, url, count, size):
    """Asks `count` times, and gives how often a file of that size came."""
    right = 0
    for _ in range(count):
        response = get(connection, url)
        body = response.read()
        right += response.status == 200 and len(body) == size
    return right


def requests(url, count, size):
    connection = connect(url)
    ask(connection, url, WARM_UP, size)
    began = time.perf_counter()
    right = ask(connection, url, count, size)
    took = time.perf_counter() - began
    connection.close()
    return {"time_s": took, "expected": count, "got": right}


def hash_of(path):
    try:
        with open(path, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()
    except OSError:
        return ""


def files(what, way, address, count, directory):
    names = ["picture-%d.bmp" % number for number in range(1, count + 1)]
    urls = [address + name for name in names]
    began = time.perf_counter()
    if what == "range":
        notebook(urls, directory, int(way))
    elif way == "serial":
        serial(urls, directory)
    else:
        in_threads(urls, directory, int(way.rpartition("-")[2]))
    whole = time.perf_counter() - began
    hashes = [hash_of(os.path.join(directory, name)) for name in names]
    return {"time_s": whole, "hashes": hashes}


def main():
    signal.alarm(MOST_SECONDS)
    what, args = sys.argv[1], sys.argv[2:]
    if what == "request":
        told = requests(args[0], int(args[1]), int(args[2]))
    else:
        told = files(what, args[0], args[1], int(args[2]), args[3])
    print(json.dumps(told))


if __name__ == "__main__":
    main()
