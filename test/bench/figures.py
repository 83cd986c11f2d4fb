"""The table of figures of test/bench/run and of its likes, each beside its budget."""

# A figure of a kind in HARD fails the run when it is over its budget: it is the same on every machine. Times and memory are only told.
HARD = {"count", "bytes"}


class Figures:
    """A budget of None is a figure without one."""

    def __init__(self):
        self.rows = []

    def add(self, name, kind, value, budget=None, unit="", is_floor=False):
        """`is_floor`: the budget is the least that the value may be."""
        is_over = budget is not None and (value < budget if is_floor else value > budget)
        word = "under" if is_floor else "OVER" if kind in HARD else "over"
        verdict = "-" if budget is None else word if is_over else "ok"
        self.rows.append(
            {"name": name, "kind": kind, "value": value, "budget": budget, "unit": unit, "verdict": verdict}
        )

    def show(self):
        form = "{:<58} {:>12} {:>12}  {}"
        print(form.format("figure", "measured", "budget", "verdict"))
        for row in self.rows:
            budget = "" if row["budget"] is None else f"{row['budget']:g} {row['unit']}"
            print(form.format(row["name"], f"{row['value']:.4g} {row['unit']}", budget, row["verdict"]))

    def verdicts(self):
        """(passed, failed) of the figures that can fail."""
        hard = [row for row in self.rows if row["kind"] in HARD and row["budget"] is not None]
        failed = sum(row["verdict"] == "OVER" for row in hard)
        return len(hard) - failed, failed
