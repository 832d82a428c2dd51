using EtcdApi.Etcdserverpb;
using Google.Protobuf;

namespace Conformance.V3;

/// <summary>Short forms of the public messages, so that scenarios read as scripts.</summary>
internal static class Messages
{
    /// <summary>The <c>range_end</c> that means "every key from here".</summary>
    public static readonly ByteString FromKey = ByteString.CopyFrom(0);

    public static ByteString B(string text) => ByteString.CopyFromUtf8(text);

    public static RangeRequest Get(string key, string end = "") => new() { Key = B(key), RangeEnd = B(end) };

    public static PutRequest PutOf(string key, string value) => new() { Key = B(key), Value = B(value) };

    public static DeleteRangeRequest Del(string key, string end = "") => new() { Key = B(key), RangeEnd = B(end) };

    public static RequestOp Op(RangeRequest range) => new() { RequestRange = range };

    public static RequestOp Op(PutRequest put) => new() { RequestPut = put };

    public static RequestOp Op(DeleteRangeRequest delete) => new() { RequestDeleteRange = delete };

    public static RequestOp Op(TxnRequest txn) => new() { RequestTxn = txn };

    public static TxnRequest Then(params RequestOp[] ops) => new() { Success = { ops } };

    public static Compare If(string key, Compare.Types.CompareTarget target, Compare.Types.CompareResult result) =>
        new() { Key = B(key), Target = target, Result = result };

    public static Compare IfVersion(string key, long version, Compare.Types.CompareResult result = Compare.Types.CompareResult.Equal) =>
        new() { Key = B(key), Target = Compare.Types.CompareTarget.Version, Result = result, Version = version };

    public static WatchRequest Watch(string key, string end = "", long from = 0) =>
        Create(new WatchCreateRequest { Key = B(key), RangeEnd = B(end), StartRevision = from });

    public static WatchRequest Create(WatchCreateRequest create) => new() { CreateRequest = create };

    public static WatchRequest Cancel(long id) => new() { CancelRequest = new WatchCancelRequest { WatchId = id } };

    /// <summary>
    /// A message of events as one for each revision, in their order, and of the last the header: a server may put any number of revisions into a message, but never a part of
    /// one. A message without events is whole.
    /// </summary>
    public static IEnumerable<IMessage> ByRevision(WatchResponse message, bool isLast)
    {
        if (message.Events.Count == 0)
        {
            yield return message;
            yield break;
        }
        for (var first = 0; first < message.Events.Count;)
        {
            var part = new WatchResponse { WatchId = message.WatchId, Fragment = message.Fragment };
            part.Events.Add(message.Events.Skip(first).TakeWhile(e => e.Kv.ModRevision == message.Events[first].Kv.ModRevision));
            first += part.Events.Count;
            yield return part;
        }
        if (isLast)
            yield return message.Header;
    }

    public static WatchRequest Progress() => new() { ProgressRequest = new WatchProgressRequest() };
}
