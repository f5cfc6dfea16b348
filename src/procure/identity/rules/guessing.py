"""How guessing at passwords is slowed down, without locking anyone out.

Source: CNIL's recommendation 2022-100 (after at most ten failures a wait), NIST SP 800-63B § 5.2.2
(at most 100 failures of an account), promises W-5 and W-6. A browser in which the account has
signed in before is counted by itself: what strangers try elsewhere does not make it wait.
"""

from datetime import timedelta

import msgspec

from procure.kernel.findings import Finding
from procure.kernel.texts import n_

FAILURES = 10  # of one account from one address or device, then each try waits
FAILURES_OF_ADDRESS = 300  # of all accounts from one address: a whole office may be behind it
FAILURES_OF_DAY = 100  # of one account from browsers that it has not been in
FAILURE_WINDOW = timedelta(minutes=15)
DAY = timedelta(days=1)
FIRST_WAIT = timedelta(seconds=5)


class Tries(msgspec.Struct, frozen=True):
    """What was tried before, without this try; seconds since the last one here."""

    here: int  # this account from this address, or from this known device, in the window
    since_last: float
    of_address: int = 0  # any account from this address, in the window
    of_day: int = 0  # this account, from everywhere it is not known, in a day
    is_known_device: bool = False


def wait_after(failures: int) -> timedelta:
    """Return how long after the last of `failures` the next try is looked at.

    >>> [int(wait_after(n).total_seconds()) for n in (9, 10, 11, 17, 40)]
    [0, 5, 10, 640, 900]
    """
    if failures < FAILURES:
        return timedelta(0)
    doubled = FIRST_WAIT * int(2 ** min(failures - FAILURES, 20))
    return min(doubled, FAILURE_WINDOW)


def try_findings(tries: Tries) -> list[Finding]:
    """List why a try is not looked at now; a try that is not looked at counts for nothing."""
    left = wait_after(tries.here).total_seconds() - tries.since_last
    if left > 0:
        return [
            Finding(
                "wait",
                n_("Too many tries. Wait {seconds} seconds and try again."),
                {"seconds": int(left) + 1},
            )
        ]
    if tries.is_known_device:
        return []
    if tries.of_day >= FAILURES_OF_DAY:
        return [
            Finding(
                "wait-day",
                n_(
                    "Too many tries at this account today. Sign in with a browser that you have"
                    " signed in with before, or ask your administrator for a link to a new"
                    " password."
                ),
            )
        ]
    if tries.of_address >= FAILURES_OF_ADDRESS:
        return [
            Finding(
                "wait-address",
                n_(
                    "Too many tries from this address. Wait a quarter of an hour, or sign in with"
                    " a browser that you have signed in with before."
                ),
            )
        ]
    return []
