"""The clock of the benchmarks: the CPU time of the thread that runs them.

What other processes take away meanwhile is not counted, and nothing that is measured waits. Where that clock is too
coarse, as on Windows, it is the time on the wall.
"""

import time
from collections.abc import Callable
from typing import Final

_IS_FINE: Final = time.get_clock_info("thread_time").resolution < 1e-6

clock: Final[Callable[[], float]] = time.thread_time if _IS_FINE else time.perf_counter
