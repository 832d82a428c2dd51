using Conformance.Harness;

namespace Conformance.V2;

/// <summary>A pair for v2 scenarios: the reference is etcd 3.4 with <c>--enable-v2</c>.</summary>
public sealed class V2Pair : TargetPair
{
    private protected override Func<ServerProgram> Reference => ServerProgram.Etcd34;

    private protected override async Task PrepareAsync(Target target, long position)
    {
        await VersionIsDecidedAsync(target);
        for (var index = 0L; index < position;)
            index = await V2Store.WriteAsync(target, "PUT", "/v2/keys/warm-up", "value=x");
    }

    // A new cluster decides its version with a write of its own, which takes an index: it must not fall into a scenario.
    private static async Task VersionIsDecidedAsync(Target target)
    {
        var deadline = DateTime.UtcNow.AddSeconds(20);
        while (DateTime.UtcNow < deadline)
        {
            using var version = await RawHttp.SendAsync(target.ClientPort, "GET", "/version", [], null);
            if (!(await version.ReadToEndAsync()).Contains("not_decided", StringComparison.Ordinal))
                return;
            await Task.Delay(50);
        }
        throw new InvalidOperationException($"{target.Label} did not decide the cluster version:\n{target.Log}");
    }
}
