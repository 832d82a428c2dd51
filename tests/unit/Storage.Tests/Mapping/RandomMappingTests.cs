using System.Text.Json;
using EtcdApi.Etcdserverpb;
using EtcdApi.Mvccpb;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.Mvcc;
using Storage.Core.Reads;
using Storage.Core.V2;
using Storage.Tests.Harness;
using static Storage.Contracts.Commands.V2Write.Types;

namespace Storage.Tests.Mapping;

/// <summary>
/// Goal: whatever is done on either side, both hold the same after every command, and tell the same story to those who watch. Method: random commands of both sides under a seed. v3 ones are carried
/// out on a dictionary of paths beforehand, which says whether they are refused and what is left; at the end both histories are folded, and the log is replayed from a crash and from nothing.
/// </summary>
public sealed class RandomMappingTests
{
    private const int Steps = 400;
    private static readonly string[] s_names = ["a", "b", "c"];
    private static readonly Operation[] s_operations = Enum.GetValues<Operation>();

    private readonly MappedStore _store = new();
    private Random _random = new(0);
    private int _steps;

    private Replica Replica => _store.Replica;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Commands_OfBothSides_LeaveThemAlike(int seed)
    {
        _random = new Random(seed);
        Replica.Do(new LeaseClaim());
        for (_steps = 0; _steps < Steps; _steps++)
        {
            Step();
            _store.RequireAlike();
            Replica.NowUnixNanos += Replica.Second;
            if (_random.Next(40) == 0)
                Replica.Commit();
        }
        Assert.Equal(_store.Files(), FoldedV2());
        Assert.Equal(_store.Keys(), FoldedV3());
        foreach (var again in (Replica[])[Replica.AfterCrash(Replica.Log), Replayed()])
        {
            Assert.Equal(Replica.Dump(), again.Dump());
            Assert.Equal(_store.Listed(), new MappedStore(again, prefix: null).Listed());
            Assert.Equal((Replica.State.Current.Revision, Replica.State.Current.V2.Index), (again.State.Current.Revision, again.State.Current.V2.Index));
        }
    }

    private void Step()
    {
        switch (_random.Next(12))
        {
            case < 6: V2(); break;
            case < 8: V3([Put()]); break;
            case 8: V3([Delete()]); break;
            case 9: V3Txn(); break;
            case 10: Lease(); break;
            default: Replica.Do(new V2Expire { NowUnixNanos = Replica.NowUnixNanos }); break;
        }
    }

    private void V2()
    {
        var write = new V2Write
        {
            Operation = s_operations[_random.Next(s_operations.Length)], Path = _random.Next(20) == 0 ? "/_h/a" : RandomPath(), Dir = _random.Next(5) == 0, Recursive = _random.Next(2) == 0,
            Refresh = _random.Next(6) == 0,
        };
        if (!write.Dir)
            write.Value = ByteString.CopyFromUtf8($"{_steps}");
        if (_random.Next(3) == 0)
            write.ExpiresAtUnixNanos = Replica.NowUnixNanos + (_random.Next(1, 20) * Replica.Second);
        Replica.Do(write);
    }

    private void Lease()
    {
        var id = _random.Next(1, 4);
        if (Replica.Do(new LeaseGrantRequest { ID = id, TTL = 60 }).Error == StorageError.None)
            return;
        Replica.Do(_random.Next(2) == 0
            ? new LeaseRevokeRequest { ID = id }
            : new LeaseExpire { Epoch = 1, Ids = { id }, KnownIndex = Replica.Machine.AppliedIndex.Value });
    }

    private void V3(IMessage[] operations)
    {
        var expected = _store.Listed();
        var error = CarryOut(expected, operations);
        var result = operations is [var single] ? Replica.Do(single) : Replica.Do(Requests.Txn([], operations));
        Assert.Equal(error, result.Error);
        Assert.Equal(error == StorageError.None ? expected : _store.Listed(), _store.Listed());
    }

    private void V3Txn()
    {
        // No key is put twice. That it is not put and deleted either is the gateway's care alone.
        var operations = new List<IMessage>();
        for (var left = _random.Next(1, 5); left > 0; left--)
        {
            IMessage next = _random.Next(3) == 0 ? Delete() : Put();
            if (!operations.Any(other => other is PutRequest first && next is PutRequest second && first.Key == second.Key))
                operations.Add(next);
        }
        V3([.. operations, Requests.Put("other", "1")]);
    }

    private PutRequest Put() => Requests.Put(
        MappedStore.Prefix + (_random.Next(15) == 0 ? "/a//b" : RandomPath()), $"{_steps}", _random.Next(5) == 0 && Replica.State.Current.Leases.KeysOf(1) is not null ? 1 : 0);

    private DeleteRangeRequest Delete()
    {
        var key = MappedStore.Prefix + RandomPath();
        return _random.Next(3) switch
        {
            0 => Requests.Delete(key),
            1 => Requests.Delete(key + "/", key + "0"),
            _ => Requests.Delete(key, MappedStore.Prefix + "/c"),
        };
    }

    private string RandomPath() => string.Concat(Enumerable.Range(0, _random.Next(1, 4)).Select(_ => "/" + s_names[_random.Next(s_names.Length)]));

    private static bool Covers(DeleteRangeRequest delete, string key) => delete.RangeEnd.IsEmpty
        ? key == delete.Key.ToStringUtf8()
        : string.CompareOrdinal(key, delete.Key.ToStringUtf8()) >= 0 && string.CompareOrdinal(key, delete.RangeEnd.ToStringUtf8()) < 0;

    // What the operations make of the paths, in their order; or the first that cannot be.
    private static StorageError CarryOut(SortedDictionary<string, string?> paths, IMessage[] operations)
    {
        foreach (var operation in operations)
        {
            if (operation is DeleteRangeRequest delete)
            {
                foreach (var path in paths.Where(pair => pair.Value is not null && Covers(delete, MappedStore.Prefix + pair.Key)).Select(static pair => pair.Key).ToList())
                    paths.Remove(path);
            }
            else if (operation is PutRequest put && put.Key.ToStringUtf8() is var key && key.StartsWith(MappedStore.Prefix, StringComparison.Ordinal))
            {
                if (Place(paths, key[MappedStore.Prefix.Length..], put.Value.ToStringUtf8()) is not StorageError.None and var error)
                    return error;
            }
        }
        return StorageError.None;
    }

    private static StorageError Place(SortedDictionary<string, string?> paths, string path, string value)
    {
        if (path.Contains("//", StringComparison.Ordinal))
            return StorageError.MappedKeyInvalid;
        var above = Enumerable.Range(1, path.Length - 1).Where(at => path[at] == '/').Select(at => path[..at]).ToList();
        if (above.Any(directory => paths.TryGetValue(directory, out var file) && file is not null))
            return StorageError.MappedKeyBelowFile;
        if (paths.TryGetValue(path, out var there) && there is null)
            return StorageError.MappedKeyIsDirectory;
        above.ForEach(directory => paths[directory] = null);
        paths[path] = value;
        return StorageError.None;
    }

    // What somebody knows who heard every event of v2.
    private Dictionary<string, string> FoldedV2()
    {
        var files = new Dictionary<string, string>();
        foreach (var fed in V2History.Read(Replica.State, "/", V2History.Scope.Everything, 1, long.MaxValue, int.MaxValue).Revisions.SelectMany(static revision => revision.Events))
        {
            using var json = JsonDocument.Parse(fed.Event);
            var node = json.RootElement.GetProperty("node");
            var path = node.GetProperty("key").GetString()!;
            foreach (var gone in files.Keys.Where(file => file == path || (fed.Kind.HasFlag(FeedEventKind.Delete) && file.StartsWith(path + "/", StringComparison.Ordinal))).ToList())
                files.Remove(gone);
            if (!fed.Kind.HasFlag(FeedEventKind.Delete) && !node.TryGetProperty("dir", out _) && !path.Contains("/_", StringComparison.Ordinal))
                files[path] = node.GetProperty("value").GetString()!;
        }
        return files;
    }

    // What somebody knows who heard every event of v3 below the prefix.
    private Dictionary<string, string> FoldedV3()
    {
        var values = new Dictionary<string, string>();
        foreach (var fed in HistoryReader.Read(Replica.State, new KeyRange("/v2/"u8, "/v20"u8), 1, long.MaxValue, int.MaxValue).Revisions.SelectMany(static revision => revision.Events))
        {
            var change = Event.Parser.ParseFrom(fed.Event.Span);
            var path = change.Kv.Key.ToStringUtf8()[MappedStore.Prefix.Length..];
            if (change.Type == Event.Types.EventType.Delete)
                values.Remove(path);
            else
                values[path] = change.Kv.Value.ToStringUtf8();
        }
        return values;
    }

    private Replica Replayed()
    {
        var replica = new Replica();
        foreach (var entry in Replica.Log)
            replica.Replay(entry, out _);
        return replica;
    }
}
