"""The budgets, in one table: what each figure is called, what kind it is, and how much it may be."""

import dataclasses

# What is over its budget fails a run when it is the same on every machine. Times, memory and processors are only told.
HARD = ("count", "bytes")


@dataclasses.dataclass(frozen=True)
class Figure:
    text: str
    kind: str  # count bytes time memory cpu ratio text
    unit: str = ""
    budget: object = None  # a number, or {up to so many machines: number}
    is_floor: bool = False  # the budget is the least it may be
    note: str = ""  # what another system needs for the same, or how it was measured

    def limit(self, machines):
        if not isinstance(self.budget, dict):
            return self.budget
        return next((value for most, value in sorted(self.budget.items()) if machines <= most), None)


FIGURES = {
    # memory of one controller
    "idle_rss": Figure("controller RSS, idle", "memory", "MiB", 16, note="KubeVirt 1.9: 463 MiB in three components"),
    "idle_private": Figure("controller private memory, idle", "memory", "MiB", 6),
    "idle_requests": Figure("requests of an idle controller, a minute", "count", "", None),
    "idle_writes": Figure("writes about machines by an idle controller", "count", "", 0),
    "idle_cpu": Figure("CPU of an idle controller, a minute", "cpu", "ms"),
    "rss": Figure("controller RSS, all running", "memory", "MiB", {1000: 22, 10000: 64}),
    "rss_connected": Figure("controller RSS, all running and their launchers connected", "memory", "MiB"),
    "private": Figure("controller private memory, all running", "memory", "MiB"),
    "rss_peak": Figure("controller RSS, the most so far", "memory", "MiB"),
    "rss_per_vm": Figure("controller RSS per VM, beyond idle", "memory", "KiB"),
    "rss_after": Figure("controller RSS, 15 s after all were deleted", "memory", "MiB"),
    # requests
    "requests": Figure("requests per VM that were carried out, create to Running", "count", "", 6, note="KubeVirt 1.9: 15.25"),
    "events": Figure("events per VM, create to Running", "count", "", 3),
    "reads": Figure("single reads by the controller per VM", "count", ""),
    "refused": Figure("requests of the controller that were refused, per VM", "count", ""),
    "requests_all": Figure("writes about machines per VM, all clients", "count", ""),
    "set_writes": Figure("writes of the set's own status, per instance", "count", "", 0.2),
    # processors
    "controller_cpu": Figure("controller CPU per VM", "cpu", "ms", 1, note="KubeVirt 1.9: 80"),
    "apiserver_cpu": Figure("API server CPU per VM, all clients", "cpu", "ms", 60, note="KubeVirt 1.9: 162 to 194"),
    "cpu_of": Figure("CPU of {} per VM", "cpu", "ms"),
    # times
    "wall": Figure(
        "first create to last VM Ready", "time", "s", {1000: 50}, note="KubeVirt 1.9, 1,000 VMs: 151 to 228"
    ),
    "ready_p50": Figure("create to VM Ready, P50", "time", "s", {1000: 25}, note="KubeVirt 1.9, 1,000 VMs: 155"),
    "ready_share": Figure("P50 of create to Ready, share of the wall time", "ratio", "", 0.5),
    "stage": Figure("{}", "time", "s"),
    "density_p50": Figure(
        "create to VM Ready, P50", "time", "s", 16.1, note="the budget is KubeVirt's figure, real guests"
    ),
    "density_p95": Figure(
        "create to VM Ready, P95", "time", "s", 27.2, note="the budget is KubeVirt's figure, real guests"
    ),
    "set_wall": Figure("a set is made to all of its instances ready", "time", "s", {500: 25}),
    "set_down": Figure("the set is of none, to no instance left that is not going", "time", "s"),
    "other_ready": Figure("another tenant's machine in the midst of a burst, create to Ready, median", "time", "s"),
    "other_most": Figure("another tenant's machine, the slowest", "time", "s"),
    "other_share": Figure("another tenant's wait beside the burst's P50", "ratio"),
    # sizes
    "pod_bytes": Figure("launcher pod as stored, the largest", "bytes", "bytes", 6000, note="KubeVirt 1.9: 14,100"),
    "vmi_bytes": Figure("instance as stored, the largest", "bytes", "bytes"),
    "vm_bytes": Figure("VM as stored, the largest", "bytes", "bytes"),
    # against the API server itself
    "ceiling": Figure("a machine's writes without logic, machines a second", "ratio", "1/s"),
    "client_cpu": Figure("the same, CPU of a client that sends them and builds nothing of what it hears", "cpu", "ms"),
    "speed": Figure("machines brought up, a second", "ratio", "1/s"),
    "ceiling_share": Figure("share of the API server's ceiling", "ratio", "", 0.8, is_floor=True),
    "write_ours": Figure("a status write, {}: our schema, API server CPU", "cpu", "ms"),
    "write_bare": Figure("a status write, {}: the same versions without schema", "cpu", "ms"),
    "write_single": Figure("a status write, {}: one version without schema", "cpu", "ms"),
    "api_cpu_in_writes": Figure(
        "API server CPU per VM, in status writes of a VM without schema", "ratio", "", 14, note="60 ms at 4.3 ms a write, where the budget was made"
    ),
    "write_ratio": Figure(
        "a status write, {}: our schema beside none", "ratio", "", 1.3, note="KubeVirt: 1.5"
    ),
    "write_single_ratio": Figure("a status write, {}: our schema beside none and one version", "ratio"),
    # when nothing changes
    "resync_vmi_writes": Figure("writes when every instance is looked at again", "count", "", 0),
    "resync_vmi_cpu": Figure("CPU for every instance being looked at again", "cpu", "ms", 200),
    "resync_writes": Figure("writes when every object is looked at again by a leader anew", "count", "", 0),
    "resync_cpu": Figure("CPU for every object being looked at again", "cpu", "ms", 200),
    "storm_writes": Figure("writes of the controller in the storm of applies", "count", "", 0),
    "storm_changed": Figure("instances and pods that changed in the storm", "count", "", 0),
    "storm_generation": Figure("VMs whose generation changed in the storm", "count", "", 0),
    "storm_cpu": Figure("controller CPU per apply", "cpu", "ms"),
    "storm_seconds": Figure("time for all applies", "time", "s"),
    # coming back
    "restart_cached": Figure("start to whole caches", "time", "s"),
    "restart_decision": Figure("start to first right decision", "time", "s", 5),
    "restart_writes": Figure("other writes after the start", "count", "", 0),
    "restart_peak": Figure("peak RSS of the start, times the RSS later", "ratio", "", 1.5),
    "failover": Figure("leader killed to the first action of the next", "time", "s", 5),
    "failover_doubled": Figure("instances with more than one pod made", "count", "", 0),
    # launchers
    "launcher_bytes": Figure("controller memory per idle launcher", "memory", "KiB", 20),
    "connect_seconds": Figure("all connect, with their tokens", "time", "s"),
    "return_seconds": Figure("all are back after a restart of the controller", "time", "s", {10000: 60}),
    "lost": Figure("launchers that did not come back", "count", "", 0),
    "storm_rate": Figure("messages a second that were sent, {}", "ratio", "1/s"),
    "message_cpu": Figure("controller CPU per message, {}", "cpu", "ms"),
    "message_writes": Figure("writes per message, {}", "count", ""),
    # a day's change
    "churn": Figure("machines replaced", "count", ""),
    "churn_requests": Figure("requests per machine that was replaced", "count", ""),
    "steady_growth": Figure("controller RSS at the end, beyond the start", "memory", "MiB"),
    "steady_cpu": Figure("controller CPU, a minute", "cpu", "ms"),
}
