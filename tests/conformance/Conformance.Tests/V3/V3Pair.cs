using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;

namespace Conformance.V3;

/// <summary>A pair for v3 scenarios: the reference is etcd 3.5.</summary>
public class V3Pair : TargetPair
{
    private protected override Func<ServerProgram> Reference => ServerProgram.Etcd35;

    private protected override async Task PrepareAsync(Target target, long position)
    {
        var revision = 0L;
        while (revision < position)
            revision = (await Rpc.Put.CallAsync(target.Channel, new PutRequest { Key = ByteString.CopyFromUtf8("warm-up") })).Header.Revision;
    }
}

/// <summary>The same with a quota that a test can fill.</summary>
public sealed class SmallQuotaPair : V3Pair
{
    private protected override Func<ServerProgram> Reference =>
        static () => ServerProgram.Etcd35() with { SharedFlags = ["--quota-backend-bytes", "16777216"] };
}

/// <summary>The same, where idle watches hear of progress so often that a test can wait for it, and so seldom that what the test does between two notifications is done before the next.</summary>
public sealed class QuickProgressPair : V3Pair
{
    private protected override Func<ServerProgram> Reference =>
        static () => ServerProgram.Etcd35() with { SharedFlags = ["--experimental-watch-progress-notify-interval", "2s"] };
}
