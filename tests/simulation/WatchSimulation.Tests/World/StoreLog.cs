using EtcdApi.Mvccpb;
using Google.Protobuf;
using Storage.Contracts;
using WatchGuarantees.History;

namespace WatchSimulation.World;

/// <summary>What was written and compacted, in one order: the log that all replicas apply, and the truth that watches are measured by.</summary>
internal sealed class StoreLog
{
    private readonly List<(long Revision, long Compacted)> _entries = [(1, 0)];

    public WrittenHistory History { get; } = new();

    /// <summary>Entries so far.</summary>
    public int Length => _entries.Count;

    /// <summary>Revision and compacted revision behind an entry.</summary>
    public (long Revision, long Compacted) After(int entry) => _entries[entry];

    public void Write(IEnumerable<(string Key, string? Value)> changes)
    {
        History.Write(changes);
        _entries.Add((History.Last, History.Compacted));
    }

    public void Compact(long revision)
    {
        History.Compact(revision);
        _entries.Add((History.Last, History.Compacted));
    }

    /// <summary>An event as storage encodes it.</summary>
    public static Event Encode(in WatchEvent one) => new()
    {
        Type = one.IsDelete ? Event.Types.EventType.Delete : Event.Types.EventType.Put,
        Kv = one.State is { } state ? Encode(one.Key, state) : new KeyValue { Key = ByteString.CopyFromUtf8(one.Key), ModRevision = one.Revision },
    };

    public static KeyValue Encode(string key, in KeyState state) => new()
    {
        Key = ByteString.CopyFromUtf8(key),
        Value = ByteString.CopyFromUtf8(state.Value),
        CreateRevision = state.CreateRevision,
        ModRevision = state.ModRevision,
        Version = state.Version,
    };

    /// <summary>An event as a client sees it.</summary>
    public static WatchEvent Decode(Event one) => new(
        one.Kv.ModRevision, one.Kv.Key.ToStringUtf8(), one.Type == Event.Types.EventType.Put ? Decode(one.Kv) : null, one.PrevKv is { } previous ? Decode(previous) : null);

    private static KeyState Decode(KeyValue kv) => new(kv.Value.ToStringUtf8(), kv.CreateRevision, kv.ModRevision, kv.Version);
}
