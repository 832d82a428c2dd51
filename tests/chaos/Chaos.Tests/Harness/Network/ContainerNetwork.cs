using System.Globalization;

namespace Chaos.Tests.Harness.Network;

/// <summary>Loses packets of one container, one way or both: by rules in its own network namespace, which nothing outside it notices and which end with it.</summary>
internal static class ContainerNetwork
{
    /// <summary>Null when it is possible here.</summary>
    public static string? WhyImpossible()
    {
        if (Environment.UserName != "root")
            return "rules inside a container's network need root";
        return ((string[])["nsenter", "iptables"]).Where(program => Command.Find(program) is null)
            .Select(program => $"rules inside a container's network need {program}").FirstOrDefault();
    }

    /// <summary>Nothing gets in, or out, or either, except over loopback.</summary>
    /// <param name="processId">Of the container's first process.</param>
    /// <param name="direction">Seen from the container.</param>
    public static async Task CutAsync(int processId, Direction direction)
    {
        if (direction.HasFlag(Direction.Incoming))
            await RuleAsync(processId, "-A", "INPUT", "!", "-i", "lo", "-j", "DROP");
        if (direction.HasFlag(Direction.Outgoing))
            await RuleAsync(processId, "-A", "OUTPUT", "!", "-o", "lo", "-j", "DROP");
    }

    public static async Task HealAsync(int processId)
    {
        await RuleAsync(processId, "-F", "INPUT");
        await RuleAsync(processId, "-F", "OUTPUT");
    }

    private static Task RuleAsync(int processId, params string[] rule) => Command.RunAsync(
        Command.Find("nsenter")!, ["--target", processId.ToString(CultureInfo.InvariantCulture), "--net", Command.Find("iptables")!, .. rule]);
}
