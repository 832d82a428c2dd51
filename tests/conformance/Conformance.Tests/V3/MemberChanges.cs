using Conformance.Harness;
using Conformance.V2;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace Conformance.V3;

/// <summary>
/// Changes of members, one after the other, on real etcd. It answers a change when it has applied it; its Raft hears of that a moment later, and until then drops
/// the next change without a word: the caller waits for ever ("possible unapplied conf change", etcd issues 14040 and 15528; 3.4.23 and 3.5.30 both).
/// A linearizable read passes Raft behind the change, so what comes after its answer is taken. Ours is spared nothing: it must take them back to back.
/// </summary>
internal static class MemberChanges
{
    /// <summary>To be awaited after each change that was answered, also with an error.</summary>
    /// <param name="target">Which was asked.</param>
    /// <param name="metadata">Who asked, where users have to log in.</param>
    public static async Task SettleAsync(Target target, Metadata? metadata = null)
    {
        if (!target.IsEtcd)
            return;
        var list = Rpc.Method(MethodType.Unary, Rpc.MemberList.Service, Rpc.MemberList.Name);
        await Rpc.SendAsync(target.Channel, list, new MemberListRequest { Linearizable = true }.ToByteArray(), metadata);
    }

    /// <summary>The same for a server of v2, whose quorum reads go through its log.</summary>
    public static async Task SettleV2Async(Target target)
    {
        if (!target.IsEtcd)
            return;
        using var answer = await RawHttp.SendAsync(target.ClientPort, "GET", "/v2/keys/?quorum=true", [], null);
        await answer.ReadToEndAsync();
    }
}
