"""How long a test waits until it calls a thing hung, in the one place where that stands. Machines are slow at times: it is minutes, and
no test fails because something took long. What ought to be quick is told beside its goal, and has a budget in test/bench."""

HANG_S = 300


def figure(what, seconds, goal):
    """A line for the report: told, never judged."""
    print(f"     {what}: {seconds:.2f} s (goal {goal})", flush=True)
