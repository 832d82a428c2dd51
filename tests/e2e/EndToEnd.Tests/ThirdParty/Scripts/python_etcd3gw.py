"""etcd3gw (JSON gateway) against one endpoint: `python_etcd3gw.py HOST PORT PREFIX`. Ends with 0 when every answer was right."""
import queue
import sys
import threading

import etcd3gw

host, port, prefix = sys.argv[1], int(sys.argv[2]), sys.argv[3]
client = etcd3gw.Etcd3Client(host=host, port=port, timeout=20, api_path="/v3/")


def key(name):
    return prefix + name


assert client.get(key("none")) == []
assert client.put(key("a"), "1") and client.put(key("b"), "2")
assert client.get(key("a")) == [b"1"]
value, meta = client.get(key("a"), metadata=True)[0]
assert value == b"1" and meta["version"] == "1" and int(meta["mod_revision"]) > 0
assert [v for v, _ in client.get_prefix(prefix)] == [b"1", b"2"]
assert [v for v, _ in client.get_prefix(prefix, sort_order="descend", sort_target="key")] == [b"2", b"1"]
assert client.create(key("c"), "new") and not client.create(key("c"), "again")
assert client.replace(key("a"), "1", "3") and not client.replace(key("a"), "1", "4")
assert client.delete(key("c")) and not client.delete(key("c"))

lease = client.lease(60)
assert client.put(key("leased"), "x", lease)
assert lease.refresh() == 60 and 55 <= lease.ttl() <= 60 and lease.keys() == [key("leased").encode()]
assert lease.revoke() and client.get(key("leased")) == []

events, cancel = client.watch_prefix(key("w/"))
heard = queue.Queue()
thread = threading.Thread(target=lambda: [heard.put(event) for event in events])
thread.start()
client.put(key("w/1"), "one")
client.delete(key("w/1"))
first = heard.get(timeout=20)
assert first["kv"]["key"] == key("w/1").encode() and first["kv"]["value"] == b"one", first
assert heard.get(timeout=20)["type"] == "DELETE"
cancel()
thread.join(20)
assert not thread.is_alive()

lock = client.lock(key("lock"), ttl=30)
assert lock.acquire() and lock.is_acquired()
assert not client.lock(key("lock"), ttl=30).acquire()
assert lock.release()
assert client.status()["header"]["member_id"] and client.members()[0]["name"]
assert client.delete_prefix(prefix)
print("ok")
