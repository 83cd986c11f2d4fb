"""Values of any shape, size and depth, where the schema of a machine does not look."""
from world import spec


def put_unseen(s, value):
    """Into a spec that has devices: the items of one list have no fields that the schema names."""
    s["domain"]["devices"]["interfaces"] = [{"name": "n", "masquerade": {}, "portRanges": [{"unseen": value}]}]
    s["networks"] = [{"name": "n", "pod": {}}]


def unseen_spec(value):
    s = spec()
    put_unseen(s, value)
    return s
