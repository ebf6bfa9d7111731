"""How soon the suite is ready, and what it takes when idle."""

import statistics
import time

from suite import Suite, call, resident_kilobytes


def start_time(arguments):
    """Seconds from the command to `ready`: the first start, which makes keys and databases, and later ones."""
    suite = Suite(arguments.bin)
    try:
        first = suite.start()
        suite.stop()
        later = []
        for _ in range(arguments.rounds):
            later.append(suite.start())
            suite.stop()
    finally:
        suite.remove()
    return [("ready, first start (s)", first, "< 1.5", first < 1.5),
            ("ready, later starts (s)", statistics.median(later), "< 1.5", statistics.median(later) < 1.5)]


def memory(arguments):
    """Resident memory of the whole suite in one process, idle, a little after it has answered something."""
    suite = Suite(arguments.bin)
    try:
        suite.start()
        token = suite.token()
        for path in ("/agents-api", "/goals-api", "/tasks-api", "/runs-api", "/approvals-api", "/api/projects"):
            call("GET", path, token)
        time.sleep(3)
        megabytes = resident_kilobytes(suite.process.pid) / 1024
        suite.stop()
    finally:
        suite.remove()
    return [("resident, one process, idle (MB)", megabytes, "< 80", megabytes < 80)]
