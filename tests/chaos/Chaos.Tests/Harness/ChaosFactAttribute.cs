using Chaos.Tests.Harness.Clocks;
using Chaos.Tests.Harness.Disks;
using Chaos.Tests.Harness.Network;

namespace Chaos.Tests.Harness;

/// <summary>A fact on a cluster; skipped, saying what is missing, on a machine that cannot run it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ChaosFactAttribute : FactAttribute
{
    public ChaosFactAttribute(Need needs = Need.None, bool needsCluster = true) => Skip = ((needsCluster ? WhyNotTarget() : null) ?? WhyNotDisk(needs) ?? WhyNotClock(needs) ?? WhyNotEngine(needs) ?? WhyNotNetwork(needs))!;

    private static string? WhyNotTarget() => Settings.IsOurs || Toolbox.IsCi ? null : Toolbox.WhyMissing(Tool.Etcd);

    private static string? WhyNotDisk(Need needs) => needs.HasFlag(Need.OwnDisk) && !Toolbox.IsCi ? LoopDisk.WhyImpossible() : null;

    private static string? WhyNotEngine(Need needs) =>
        needs.HasFlag(Need.ContainerEngine) && !Toolbox.IsCi ? Toolbox.WhyMissing(Tool.ContainerEngine) : null;

    private static string? WhyNotNetwork(Need needs) =>
        needs.HasFlag(Need.ContainerNetwork) && !Toolbox.IsCi ? ContainerNetwork.WhyImpossible() : null;

    private static string? WhyNotClock(Need needs)
    {
        if (!needs.HasFlag(Need.OwnClock))
            return null;
        // Not a matter of the machine: a Go program asks the kernel itself.
        if (!Settings.IsOurs)
            return "etcd's clock cannot be set from outside its process";
        return Toolbox.IsCi ? null : FakeClock.WhyImpossible();
    }
}
