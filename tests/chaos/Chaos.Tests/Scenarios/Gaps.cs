using Chaos.Tests.Harness;
using Chaos.Tests.Harness.Programs;

namespace Chaos.Tests.Scenarios;

/// <summary>How long the median pause of writes may be.</summary>
/// <remarks>
/// An ordinary run holds the mechanism: what is known by a reset connection must not wait for a timeout. A number of milliseconds is a claim about the machine as well, and one that is
/// short of processor time answers late without a defect; so the aims hold in runs of many rounds (<c>CHAOS_ROUNDS</c>), made on a machine that does nothing else, and <c>bench failover</c>
/// says what they come to beside etcd.
/// </remarks>
internal static class Gaps
{
    private static bool HoldsAims => Settings.Rounds > 1;

    /// <summary>A killed process resets its connections: evidence, no election timeout needs to run out.</summary>
    public static TimeSpan AfterKill { get; } = HoldsAims ? TimeSpan.FromMilliseconds(300) : ClusterProgram.ElectionTimeout;

    /// <summary>A member that is frozen or cut off is missed after an election timeout, drawn from [T, 1.3 T); a second election would take another.</summary>
    public static TimeSpan AfterSilence { get; } = (HoldsAims ? 1.5 : 2) * ClusterProgram.ElectionTimeout;

    /// <summary>As <see cref="AfterKill"/>, in containers, whose own restarts and health checks share the machine.</summary>
    public static TimeSpan AfterKillOfContainer { get; } = HoldsAims ? 0.45 * ClusterProgram.ElectionTimeout : ClusterProgram.ElectionTimeout;

    /// <summary>As <see cref="AfterSilence"/>, in containers.</summary>
    public static TimeSpan AfterSilenceOfContainer { get; } = 3 * ClusterProgram.ElectionTimeout;
}
