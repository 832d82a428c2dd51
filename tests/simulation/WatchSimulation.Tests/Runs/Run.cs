using Simulation.Checks;
using WatchSimulation.World;

namespace WatchSimulation.Runs;

/// <summary>What came of one history.</summary>
internal sealed record RunResult(int Seed, string? Failure, SimulatedWorld World)
{
    /// <summary>One line that says what went wrong and how to see it again.</summary>
    public string Line => $"seed {Seed}: {Failure} -- replay: dotnet run -c Release --project tests/simulation/WatchSimulation.Tests -- --seed {Seed}";
}

/// <summary>Runs histories.</summary>
internal static class Run
{
    /// <param name="seed">Everything follows from it.</param>
    /// <param name="change">What a test wants otherwise than drawn.</param>
    /// <param name="keepsTrace">Keep what happened, for people.</param>
    public static RunResult One(int seed, Func<Profile, Profile>? change = null, bool keepsTrace = false)
    {
        var profile = Profile.Draw(new Random(Scatter(seed)));
        var world = new SimulatedWorld(Scatter(~seed), change?.Invoke(profile) ?? profile, keepsTrace);
        try
        {
            world.Run();
            return new RunResult(seed, null, world);
        }
        catch (SafetyViolationException e)
        {
            return new RunResult(seed, e.Message, world);
        }
#pragma warning disable CA1031 // Whatever code under test throws is a finding, told with its seed.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new RunResult(seed, $"{e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n')[0].Trim()}", world);
        }
    }

    // What Random draws first is nearly linear in its seed: neighbours would have the same combinations of faults. This is SplitMix64's last step.
    private static int Scatter(int seed)
    {
        var z = (ulong)seed * 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (int)(z ^ (z >> 31));
    }
}
