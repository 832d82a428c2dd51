"""python-etcd (v2) against one endpoint: `python_etcd.py HOST PORT PREFIX`. Ends with 0 when every answer was right."""
import sys
import threading

import etcd

host, port, prefix = sys.argv[1], int(sys.argv[2]), "/" + sys.argv[3].strip("/")
client = etcd.Client(host=host, port=port, read_timeout=20)


def key(name):
    return prefix + "/" + name


def refused(error, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except error:
        return True
    return False


assert refused(etcd.EtcdKeyNotFound, client.read, key("none"))
assert client.write(key("a"), "1").newKey
assert client.read(key("a")).value == "1"
assert client.write(key("a"), "2", prevValue="1").value == "2"
assert refused(etcd.EtcdCompareFailed, client.write, key("a"), "3", prevValue="1")
assert refused(etcd.EtcdAlreadyExist, client.write, key("a"), "3", prevExist=False)
assert client.test_and_set(key("a"), "3", "2").value == "3"
first = client.write(key("queue"), "x", append=True).key
second = client.write(key("queue"), "y", append=True).key
assert first < second and [child.value for child in client.read(key("queue"), recursive=True, sorted=True).children] == ["x", "y"]
client.write(key("dir"), None, dir=True)
client.write(key("dir/f"), "v", ttl=60)
assert 50 <= client.read(key("dir/f")).ttl <= 60
assert refused(etcd.EtcdNotFile, client.delete, key("dir")) and refused(etcd.EtcdDirNotEmpty, client.delete, key("dir"), dir=True)
assert {leaf.key for leaf in client.read(prefix, recursive=True).leaves} >= {key("a"), key("dir/f")}
assert client.delete(key("dir"), recursive=True).action == "delete"

# A watch from a past index, and one that waits.
index = client.write(key("w"), "one").modifiedIndex
assert client.read(key("w"), wait=True, waitIndex=index).value == "one"
writer = threading.Timer(0.3, lambda: client.write(key("w"), "two"))
writer.start()
assert client.read(key("w"), wait=True, waitIndex=index + 1).value == "two"
writer.join()

lock = etcd.Lock(client, prefix.strip("/").replace("/", "-"))
assert lock.acquire(blocking=True, lock_ttl=30) and lock.is_acquired
lock.release()
assert client.machines and client.members
client.delete(prefix, recursive=True)
print("ok")
