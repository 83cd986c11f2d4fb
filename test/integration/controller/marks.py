"""How a test wants to be run; without a mark it shares one controller with others that run at the same time."""


def counts(test):
    """Shares the controller, but nothing else runs: it counts requests or seconds."""
    test.mark = "counts"
    return test


def alone(test):
    """Starts its own controllers; no other one runs."""
    test.mark = "alone"
    return test


def of(test):
    return getattr(test, "mark", "shared")
