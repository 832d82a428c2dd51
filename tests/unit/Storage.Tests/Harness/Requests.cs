using System.Text;
using EtcdApi.Etcdserverpb;
using EtcdApi.Mvccpb;
using Google.Protobuf;

namespace Storage.Tests.Harness;

/// <summary>Short ways to write etcd requests.</summary>
internal static class Requests
{
    public static ByteString Utf8(string text) => ByteString.CopyFrom(Encoding.Latin1.GetBytes(text));

    public static PutRequest Put(string key, string value, long lease = 0, bool prev = false, bool ignoreValue = false, bool ignoreLease = false) => new()
    {
        Key = Utf8(key), Value = Utf8(value), Lease = lease, PrevKv = prev, IgnoreValue = ignoreValue, IgnoreLease = ignoreLease,
    };

    public static DeleteRangeRequest Delete(string key, string end = "", bool prev = false) => new() { Key = Utf8(key), RangeEnd = Utf8(end), PrevKv = prev };

    public static RangeRequest Range(string key, string end = "", long revision = 0, long limit = 0) =>
        new() { Key = Utf8(key), RangeEnd = Utf8(end), Revision = revision, Limit = limit };

    public static RequestOp Op(IMessage request) => request switch
    {
        PutRequest put => new RequestOp { RequestPut = put },
        DeleteRangeRequest delete => new RequestOp { RequestDeleteRange = delete },
        RangeRequest range => new RequestOp { RequestRange = range },
        TxnRequest txn => new RequestOp { RequestTxn = txn },
        _ => throw new ArgumentException("no operation", nameof(request)),
    };

    public static TxnRequest Txn(Compare[] compares, IMessage[] success, IMessage[]? failure = null)
    {
        var txn = new TxnRequest();
        txn.Compare.AddRange(compares);
        txn.Success.AddRange(success.Select(Op));
        txn.Failure.AddRange((failure ?? []).Select(Op));
        return txn;
    }

    public static Compare VersionIs(string key, long version, Compare.Types.CompareResult result = Compare.Types.CompareResult.Equal) =>
        new() { Key = Utf8(key), Target = Compare.Types.CompareTarget.Version, Version = version, Result = result };

    public static Compare ModIs(string key, long revision) =>
        new() { Key = Utf8(key), Target = Compare.Types.CompareTarget.Mod, ModRevision = revision };

    public static Compare ValueIs(string key, string value, Compare.Types.CompareResult result = Compare.Types.CompareResult.Equal, string end = "") =>
        new() { Key = Utf8(key), Target = Compare.Types.CompareTarget.Value, Value = Utf8(value), Result = result, RangeEnd = Utf8(end) };

    public static string Show(this KeyValue row) =>
        $"{row.Key.ToStringUtf8()}={row.Value.ToStringUtf8()} c{row.CreateRevision} m{row.ModRevision} v{row.Version} l{row.Lease}";
}
