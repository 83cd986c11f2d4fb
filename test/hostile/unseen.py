"""Values of any shape, size and depth, where the schema of a machine does not look."""
from world import spec


def unseen_spec(value, **more):
    """The items of one list have no fields that the schema names."""
    s = spec(networks=[{"name": "n", "pod": {}}], **more)
    s["domain"]["devices"]["interfaces"] = [{"name": "n", "masquerade": {}, "portRanges": [{"unseen": value}]}]
    return s
