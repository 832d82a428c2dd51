"""python-etcd3 (gRPC) against one endpoint: `python_etcd3.py HOST PORT PREFIX`. Ends with 0 when every answer was right."""
import queue
import sys
import tempfile
import threading

import etcd3

host, port, prefix = sys.argv[1], int(sys.argv[2]), sys.argv[3]
client = etcd3.client(host=host, port=port, timeout=20)


def key(name):
    return prefix + name


# Puts and reads.
assert client.get(key("none")) == (None, None)
client.put(key("a"), "1")
value, meta = client.get(key("a"))
assert value == b"1" and meta.key == key("a").encode() and meta.version == 1 and meta.create_revision == meta.mod_revision
previous = client.put(key("a"), "2", prev_kv=True).prev_kv
assert previous.value == b"1"
client.put(key("b"), b"\x00\xff")
assert [(v, m.key) for v, m in client.get_prefix(prefix)] == [(b"2", key("a").encode()), (b"\x00\xff", key("b").encode())]
assert [m.key for _, m in client.get_prefix(prefix, sort_order="descend", sort_target="key")] == [key("b").encode(), key("a").encode()]
assert [m.key for _, m in client.get_range(key("a"), key("b"))] == [key("a").encode()]
assert [m.key for _, m in client.get_prefix(prefix, keys_only=True)] == [key("a").encode(), key("b").encode()]
assert client.put_if_not_exists(key("c"), "new") and not client.put_if_not_exists(key("c"), "again")
assert client.replace(key("a"), "2", "3") and not client.replace(key("a"), "2", "4")
assert client.delete(key("c")) and not client.delete(key("c"))
assert client.delete_prefix(key("b")).deleted == 1

# Transactions.
succeeded, responses = client.transaction(
    compare=[client.transactions.value(key("a")) == "3", client.transactions.version(key("a")) > 1],
    success=[client.transactions.put(key("t"), "yes"), client.transactions.get(key("t"))],
    failure=[client.transactions.delete(key("a"))])
assert succeeded and responses[1][0][0] == b"yes"
succeeded, responses = client.transaction(
    compare=[client.transactions.create(key("t")) == 0], success=[], failure=[client.transactions.get(key("t"))])
assert not succeeded and responses[0][0][0] == b"yes"

# Leases.
lease = client.lease(60)
client.put(key("leased"), "x", lease=lease)
assert lease.granted_ttl == 60 and 55 <= lease.remaining_ttl <= 60 and lease.keys == [key("leased").encode()]
assert [answer.TTL for answer in lease.refresh()] == [60]
lease.revoke()
assert client.get(key("leased")) == (None, None)

# Watches: from now, of a prefix, from a past revision, with a callback.
events, cancel = client.watch_prefix(key("w/"))
heard = queue.Queue()


def reader():
    for event in events:
        heard.put((type(event).__name__, event.key.decode(), event.value))


thread = threading.Thread(target=reader)
thread.start()
revision = client.put(key("w/1"), "one").header.revision
client.delete(key("w/1"))
assert heard.get(timeout=20) == ("PutEvent", key("w/1"), b"one")
assert heard.get(timeout=20)[0] == "DeleteEvent"
cancel()
thread.join(20)
assert not thread.is_alive()
past = queue.Queue()
watch_id = client.add_watch_callback(key("w/1"), lambda response: [past.put(event) for event in response.events], start_revision=revision)
assert past.get(timeout=20).value == b"one"
client.cancel_watch(watch_id)

# Locks: one holder at a time.
with client.lock(key("lock"), ttl=30) as lock:
    assert lock.is_acquired()
    assert not client.lock(key("lock"), ttl=30).acquire(timeout=0)
again = client.lock(key("lock"), ttl=30)
assert again.acquire(timeout=20) and again.release()

# Maintenance.
status = client.status()
assert status.leader is not None and status.db_size > 0
assert any(member.name for member in client.members)
assert list(client.list_alarms()) == []
client.defragment()
with tempfile.TemporaryFile() as file:
    client.snapshot(file)
    assert file.tell() > 4096
head = client.put(key("last"), "").header.revision
client.compact(head)
refusals = queue.Queue()
client.add_watch_callback(key("w/1"), refusals.put, start_revision=revision)
refusal = refusals.get(timeout=20)
assert isinstance(refusal, etcd3.exceptions.RevisionCompactedError) and refusal.compacted_revision == head
client.close()
print("ok")
