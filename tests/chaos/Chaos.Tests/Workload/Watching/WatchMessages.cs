using EtcdApi.Mvccpb;
using Google.Protobuf;
using WatchGuarantees.History;
using Wire = EtcdApi.Etcdserverpb;

namespace Chaos.Tests.Workload.Watching;

/// <summary>Between etcd's messages and recorded histories.</summary>
internal static class WatchMessages
{
    public static Wire.WatchRequest Create(long id, WatchScope scope, long start)
    {
        var create = new Wire.WatchCreateRequest
        {
            WatchId = id,
            Key = ByteString.CopyFromUtf8(scope.Key),
            RangeEnd = ByteString.CopyFromUtf8(scope.RangeEnd),
            StartRevision = start,
            PrevKv = scope.PreviousValue,
            Fragment = scope.Fragment,
            ProgressNotify = true,
        };
        if (scope.NoPut)
            create.Filters.Add(Wire.WatchCreateRequest.Types.FilterType.Noput);
        if (scope.NoDelete)
            create.Filters.Add(Wire.WatchCreateRequest.Types.FilterType.Nodelete);
        return new Wire.WatchRequest { CreateRequest = create };
    }

    public static WatchResponse Read(Wire.WatchResponse response)
    {
        var kind = response.Created ? ResponseKind.Created
            : response.Canceled ? ResponseKind.Canceled
            : response.Events.Count == 0 ? ResponseKind.Progress : ResponseKind.Events;
        return new WatchResponse(kind, response.Header.Revision, [.. response.Events.Select(Read)], response.Fragment, response.CompactRevision);
    }

    public static WatchEvent Read(Event one) => new(
        one.Kv.ModRevision, one.Kv.Key.ToStringUtf8(), one.Type == Event.Types.EventType.Put ? Read(one.Kv) : null,
        one.PrevKv is { } previous ? Read(previous) : null);

    private static KeyState Read(KeyValue kv) => new(kv.Value.ToStringUtf8(), kv.CreateRevision, kv.ModRevision, kv.Version);
}
