using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using static Conformance.V3.Messages;

namespace Conformance.V3;

/// <summary>Input that is no valid request: etcd's own error, and the server goes on (v3-wire §1, v3-semantics §9).</summary>
internal static class BadInputScenarios
{
    private const int MaxRequestBytes = 1_572_864;
    private const int MaxMessageBytes = 2_097_152;

    public static IEnumerable<Scenario<GrpcSession>> All()
    {
        yield return new("bad/unknown-method", UnknownMethods);
        yield return new("bad/malformed-protobuf", Malformed);
        yield return new("bad/unknown-fields", UnknownFields);
        yield return new("bad/request-too-large", TooLarge);
        yield return new("bad/message-too-large", MessageTooLarge);
        yield return new("bad/has-leader-metadata", HasLeader);
        yield return new("health/check", Health);
        yield return new("maintenance/status", s => s.Call(Rpc.Status, new StatusRequest()));
        yield return new("maintenance/no-alarms", Alarms);
        yield return new("maintenance/hash-kv", HashKv);
        yield return new("cluster/member-list", MemberList);
    }

    private static async Task UnknownMethods(GrpcSession s)
    {
        await s.CallRaw("etcdserverpb.KV", "Nothing", []);
        await s.CallRaw("etcdserverpb.Nothing", "Range", []);
        await s.CallRaw("foo.Bar", "Baz", []);
        await s.CallRaw("etcdserverpb.KV", "range", []);
        await s.Put("k", "still served");
    }

    private static async Task Malformed(GrpcSession s)
    {
        byte[][] inputs = [[0xff], [0x0a], [0x0a, 0x05, 0x61], [0x18, 0xff], [0x0a, 0x80], [0x07, 0x01], [0x00, 0x01], [0x0b]];
        foreach (var (service, method) in ((string, string)[])[("etcdserverpb.KV", "Range"), ("etcdserverpb.KV", "Put"), ("etcdserverpb.KV", "DeleteRange"), ("etcdserverpb.KV", "Txn"), ("etcdserverpb.Lease", "LeaseGrant")])
        {
            foreach (var input in inputs)
                await s.CallRaw(service, method, input, ParserWords);
        }
        // A compare inside a transaction that is cut short.
        await s.CallRaw("etcdserverpb.KV", "Txn", [0x0a, 0x02, 0x1a, 0x05], ParserWords);
        await s.Put("k", "still served");
    }

    // What exactly is wrong with the bytes is told in the words of the protobuf library, not of etcd.
    private static string ParserWords(string detail)
    {
        const string Prefix = "grpc: error unmarshalling request: ";
        return detail.StartsWith(Prefix, StringComparison.Ordinal) ? Prefix + "<words of the parser>" : detail;
    }

    private static async Task UnknownFields(GrpcSession s)
    {
        await s.Put("k", "v");
        byte[] unknown = [0xa0, 0x06, 0x01, 0xaa, 0x06, 0x02, 0x61, 0x62];
        await s.CallRaw("etcdserverpb.KV", "Range", [.. Get("k").ToByteArray(), .. unknown]);
        await s.CallRaw("etcdserverpb.KV", "Put", [.. PutOf("k", "w").ToByteArray(), .. unknown]);
        await s.CallRaw("etcdserverpb.KV", "Txn", [.. Then(Op(PutOf("k", "x"))).ToByteArray(), .. unknown]);
        s.Note("the last of a repeated singular field counts:");
        await s.CallRaw("etcdserverpb.KV", "Put", [.. PutOf("ignored", "1").ToByteArray(), .. PutOf("k", "y").ToByteArray()]);
        await s.Range(Get("a", "z"));
    }

    private static async Task TooLarge(GrpcSession s)
    {
        await s.Put(new PutRequest { Key = B("k"), Value = Zeros(MaxRequestBytes + 1) });
        await s.Put(new PutRequest { Key = B("k"), Value = Zeros(MaxRequestBytes + 100_000) });
        await s.Put(new PutRequest { Key = B("k"), Value = Zeros(MaxRequestBytes - 1_000) });
        await s.Txn(Then(
            Op(new PutRequest { Key = B("a"), Value = Zeros(800_000) }),
            Op(new PutRequest { Key = B("b"), Value = Zeros(800_000) })));
        await s.Put(new PutRequest { Key = Zeros(MaxRequestBytes + 1), Value = B("v") });
        await s.Range(new RangeRequest { Key = FromKey, RangeEnd = FromKey, KeysOnly = true });
        s.Note("reads do not go through the log and have no such limit:");
        await s.Range(new RangeRequest { Key = Zeros(MaxRequestBytes + 1) });
    }

    private static async Task MessageTooLarge(GrpcSession s)
    {
        await s.Put(new PutRequest { Key = B("k"), Value = Zeros(MaxMessageBytes + 1) });
        await s.Range(new RangeRequest { Key = Zeros(MaxMessageBytes + 1) });
        await s.Put(new PutRequest { Key = B("k"), Value = Zeros(5_000_000) });
        await s.Put("k", "still served");
    }

    private static async Task Health(GrpcSession s)
    {
        await s.CallRaw("grpc.health.v1.Health", "Check", []);
        // A service of which nothing is known. The library here says nothing beside the code.
        await s.CallRaw("grpc.health.v1.Health", "Check", [0x0a, 1, (byte)'x'], static _ => "<in words or not>");
    }

    private static async Task HasLeader(GrpcSession s)
    {
        var metadata = new Metadata { { "hasleader", "true" }, { "client-api-version", "3.5.30" } };
        await s.Call(Rpc.Put, PutOf("k", "v"), metadata);
        await s.Call(Rpc.Range, Get("k"), metadata);
        await s.Call(Rpc.Range, Get("k"), new Metadata { { "token", "nonsense" } });
    }

    private static async Task Alarms(GrpcSession s)
    {
        await s.Call(Rpc.Alarm, new AlarmRequest());
        await s.Call(Rpc.Alarm, new AlarmRequest { Alarm = AlarmType.Nospace });
    }

    private static async Task HashKv(GrpcSession s)
    {
        await s.Put("k", "1");
        await s.Put("k", "2");
        await s.Compact(s.Rev(1));
        await s.Call(Rpc.HashKV, new HashKVRequest());
        await s.Call(Rpc.HashKV, new HashKVRequest { Revision = s.Rev(2) });
        await s.Call(Rpc.HashKV, new HashKVRequest { Revision = s.Rev(0) });
        await s.Call(Rpc.HashKV, new HashKVRequest { Revision = s.Rev(9) });
    }

    private static async Task MemberList(GrpcSession s)
    {
        await s.Call(Rpc.MemberList, new MemberListRequest { Linearizable = true });
        await s.Call(Rpc.MemberList, new MemberListRequest());
    }

    private static ByteString Zeros(int count) => UnsafeByteOperations.UnsafeWrap(new byte[count]);
}
