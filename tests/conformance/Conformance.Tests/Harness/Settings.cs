namespace Conformance.Harness;

/// <summary>What the environment decides about a run.</summary>
/// <remarks>
/// <list type="bullet">
/// <item><c>ETCD_PEERS</c>: folder with <c>3.4/</c> and <c>3.5/</c>, each holding <c>etcd</c> and <c>etcdctl</c>; without it, PATH is searched.</item>
/// <item><c>CONFORMANCE_TARGET</c>: <c>ours</c> (default), <c>etcd</c> (real etcd on both sides: proves the
/// normalisation), or the path of a <c>Standalone.dll</c>.</item>
/// <item><c>CONFORMANCE_TRANSCRIPTS</c>: folder that receives both transcripts of every scenario.</item>
/// <item><c>CONFORMANCE_SEEDS</c>: <c>first-last</c>, the seeds of the random scenarios in the place of those that always run.</item>
/// <item><c>CI</c>: when <c>true</c>, a missing etcd fails the tests instead of skipping them.</item>
/// </list>
/// </remarks>
internal static class Settings
{
    public static string? PeersFolder => Read("ETCD_PEERS");

    public static string Target => Read("CONFORMANCE_TARGET") ?? "ours";

    public static string? TranscriptFolder => Read("CONFORMANCE_TRANSCRIPTS");

    public static bool IsContinuousIntegration =>
        string.Equals(Read("CI"), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>The seeds that a kind of random scenarios runs with: those given, unless the environment names others.</summary>
    public static IEnumerable<int> Seeds(int first, int count)
    {
        if (Read("CONFORMANCE_SEEDS") is not { } asked)
            return Enumerable.Range(first, count);
        int[] ends = [.. asked.Split('-').Select(int.Parse)];
        return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1);
    }

    private static string? Read(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
