using Conformance.Harness;

namespace Conformance.V2;

/// <summary>A pair for v2 scenarios: the reference is etcd 3.4 with <c>--enable-v2</c>.</summary>
public sealed class V2Pair : TargetPair
{
    private protected override Func<ServerProgram> Reference => ServerProgram.Etcd34;

    private protected override async Task PrepareAsync(Target target, long position)
    {
        for (var index = 0L; index < position;)
            index = await V2Store.WriteAsync(target, "PUT", "/v2/keys/warm-up", "value=x");
    }
}
