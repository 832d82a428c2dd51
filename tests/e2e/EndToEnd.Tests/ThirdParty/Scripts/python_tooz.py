"""tooz (OpenStack's coordination) against one endpoint: `python_tooz.py HOST PORT PREFIX`, through its drivers for v3 and for v2. Ends with 0 when every answer was right."""
import sys

from tooz import coordination

host, port, prefix = sys.argv[1:]
name = prefix.encode()


def coordinators(scheme):
    both = [coordination.get_coordinator(f"{scheme}://{host}:{port}", member) for member in (b"first", b"second")]
    for one in both:
        one.start()
    return both


# Locks: one holder at a time.
for scheme in ("etcd3", "etcd"):
    first, second = coordinators(scheme)
    lock, other = first.get_lock(name + b"lock"), second.get_lock(name + b"lock")
    assert lock.acquire() and not other.acquire(blocking=False), scheme
    assert lock.heartbeat() and lock.release() and other.acquire(blocking=True) and other.release(), scheme
    first.stop()
    second.stop()

# Groups: who is a member. The driver for v2 has none.
first, second = coordinators("etcd3")
group = name.replace(b"/", b"-") + b"group"
first.create_group(group).get()
first.join_group(group, b"capable").get()
second.join_group(group).get()
assert first.get_members(group).get() == {b"first", b"second"}
assert first.get_member_capabilities(group, b"first").get() == b"capable"
second.leave_group(group).get()
assert first.get_members(group).get() == {b"first"}
first.stop()
second.stop()
print("ok")
