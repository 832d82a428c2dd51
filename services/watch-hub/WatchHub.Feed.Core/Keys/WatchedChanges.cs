using EtcdApi.Etcdserverpb;
using EtcdApi.Mvccpb;

namespace WatchHub.Feed.Core.Keys;

/// <summary>Reads what a hub's session delivers.</summary>
public static class WatchedChanges
{
    /// <summary>The changes in their order, without those of reserved keys.</summary>
    /// <param name="events">Field 11 of a WatchResponse, repeated.</param>
    public static List<KeyChange> Read(ReadOnlySpan<byte> events)
    {
        var response = WatchResponse.Parser.ParseFrom(events);
        var changes = new List<KeyChange>(response.Events.Count);
        foreach (var @event in response.Events)
        {
            var kv = @event.Kv;
            if (!ReservedKeys.Contain(kv.Key.Span))
            {
                changes.Add(new KeyChange(
                    kv.Key.Memory, kv.Value.Memory, @event.Type == Event.Types.EventType.Delete, kv.ModRevision, kv.CreateRevision, kv.Version, kv.Lease));
            }
        }
        return changes;
    }
}
