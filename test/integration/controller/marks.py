"""How a test wants to be run; without a mark it shares one controller with others that run at the same time."""
import functools


def counts(test):
    """Shares the controller, but nothing else runs: it counts requests or seconds."""
    test.mark = "counts"
    return test


def alone(test):
    """Starts its own controllers; no other one runs."""
    test.mark = "alone"
    return test


def guards(test):
    """Guards data, or that there are never two: a failure counts, whatever comes after. It is not tried again."""
    test.guards = True
    return test


def hole(test):
    """Shows a hole that is not closed yet: it must fail, and says so when it does not. The commit that closes it takes the mark off."""
    @functools.wraps(test)
    def fails(t):
        try:
            test(t)
        except Exception:  # as it must
            return
        raise AssertionError("the hole is closed: take the mark off")
    return fails


def of(test):
    return getattr(test, "mark", "shared")


def is_guard(test):
    return getattr(test, "guards", False)
