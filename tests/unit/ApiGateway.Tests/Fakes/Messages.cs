using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using EtcdApi.Mvccpb;
using Google.Protobuf;
using WatchHub.Contracts;

namespace ApiGateway.Tests.Fakes;

/// <summary>Messages of a hub session.</summary>
internal static class Messages
{
    public static WatchMessage Created(long id, long revision) =>
        new(id, WatchMessageKind.Created, revision, 0, new Term(2), default, false, 0, default);

    public static WatchMessage Progress(long id, long revision) =>
        new(id, WatchMessageKind.Progress, revision, 0, new Term(2), default, false, 0, default);

    public static WatchMessage Canceled(long id, long revision, long compactRevision = 0) =>
        new(id, WatchMessageKind.Canceled, revision, 0, new Term(2), default, false, compactRevision, default);

    public static WatchMessage Put(long id, long revision, string key, bool fragment = false)
    {
        var response = new WatchResponse
        {
            Events = { new Event { Kv = new KeyValue { Key = ByteString.CopyFromUtf8(key), ModRevision = revision } } },
        };
        return new(id, WatchMessageKind.Events, revision, revision, new Term(2), response.ToByteArray(), fragment, 0, default);
    }

    public static WatchMessage V2(long id, long index, string json) =>
        new(id, WatchMessageKind.Events, index, index, new Term(2), System.Text.Encoding.UTF8.GetBytes(json), false, 0, default);
}
