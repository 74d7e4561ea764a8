"""The moments at which a process may be killed, all of them by name, so that a test can go through every one.

Between two of these moments a step is either done or not done. Named in the environment, a moment ends the process there
as a power cut would: no clean-up, no message. Nothing else ever looks at the variable.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "FLIS_KILLED_AT"
"""Environment variable that names the moment at which this process ends."""

_RECEIVE = (
    "receive: claimed",
    "receive: transcribed",
    "receive: judged",
    "receive: file half written",
    "receive: file written",
    "receive: file named",
    "receive: written",
    "receive: recording",
    "receive: recorded",
)
_REPROCESS = (
    "reprocess: judged",
    "reprocess: written",
    "reprocess: recorded",
)
_BUILD = (
    "build: begun",
    "build: packages installed",
    "build: old build file removed",
    "build: version copied",
    "build: landing written",
    "build: models built",
    "build: file closed",
)
_SWITCH = (
    "switch: file moved",
    "switch: pointer written",
    "switch: pointer moved",
    "switch: old versions removed",
)

MOMENTS: tuple[str, ...] = (*_RECEIVE, *_REPROCESS, *_BUILD, *_SWITCH)
"""Every moment, in the order of the line: receive, judge again (which writes as receive does), build, switch."""


def reached(moment: str) -> None:
    """Say that a moment of `MOMENTS` has come; the process ends here when the environment names it."""
    if os.environ.get(VARIABLE) == moment:
        os.kill(os.getpid(), signal.SIGKILL)
