"""Work that threads do ahead of time, handed out in the order in which it was given."""

import threading
from collections import deque
from queue import SimpleQueue


class Task:
    """A function to be called by some thread; what it returns or raises comes out of `result`."""

    def __init__(self, function):
        self.function, self.done = function, threading.Event()
        self.value = self.error = None
        self.cancelled = False

    def run(self):
        """Call the function, unless nobody wants it any more."""
        if not self.cancelled:
            try:
                self.value = self.function()
            except BaseException as error:  # it is raised again where the result is asked for
                self.error = error
        self.done.set()

    def result(self):
        """Wait for the function, and return or raise what it did."""
        self.done.wait()
        if self.error is not None:
            raise self.error
        return self.value


def prefetch(functions, workers, ahead):
    """Call functions in threads, `ahead` of them before they are asked for; yield in order.

    The functions are taken from their iterator by the caller's thread. However the loop over the
    results ends, the threads end too.
    """
    queue, pending = SimpleQueue(), deque()
    threads = [threading.Thread(target=_work, args=(queue,), daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        for function in functions:
            pending.append(Task(function))
            queue.put(pending[-1])
            if len(pending) > ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for task in pending:
            task.cancelled = True
        for _ in threads:
            queue.put(None)


def _work(queue):
    while (task := queue.get()) is not None:
        task.run()
