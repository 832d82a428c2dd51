namespace Chaos.Tests.Harness;

/// <summary>What the environment decides about a run.</summary>
/// <remarks>
/// <list type="bullet">
/// <item><c>CHAOS_TARGET</c>: <c>ours</c> (three standalone processes), <c>split</c> (each service a process of its own) or <c>etcd</c> (three of real etcd: shows that the harness and the tests are right).</item>
/// <item><c>CHAOS_ROUNDS</c>: multiplies how often each fault strikes; 1 when absent.</item>
/// </list>
/// </remarks>
public static class Settings
{
    // The one switch: what the tests run on when nothing is said.
    private const string DefaultTarget = "ours";

    public static string Target { get; } = Read("CHAOS_TARGET") ?? DefaultTarget;

    public static bool IsOurs => Target != "etcd";

    public static int Rounds { get; } = int.Parse(Read("CHAOS_ROUNDS") ?? "1");

    private static string? Read(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
