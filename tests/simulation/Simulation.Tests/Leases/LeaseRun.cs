using Simulation.Checks;

namespace Simulation.Leases;

/// <summary>What came of one history of lease managers.</summary>
internal sealed record LeaseRunResult(int Seed, string? Failure, LeaseWorld World)
{
    /// <summary>One line that says what went wrong and how to see it again.</summary>
    public string Line => $"lease seed {Seed}: {Failure} -- replay: dotnet run -c Release --project tests/simulation/Simulation.Tests -- --leases --seed {Seed} --trace";
}

/// <summary>Runs histories of lease managers.</summary>
internal static class LeaseRun
{
    /// <param name="seed">Everything follows from it.</param>
    /// <param name="change">What a test wants otherwise than drawn.</param>
    /// <param name="keepsTrace">Keep what happened, for people.</param>
    public static LeaseRunResult One(int seed, Func<LeaseProfile, LeaseProfile>? change = null, bool keepsTrace = false)
    {
        var profile = LeaseProfile.Draw(new Random(seed));
        var world = new LeaseWorld(seed, change?.Invoke(profile) ?? profile, keepsTrace);
        try
        {
            world.Run();
            return new LeaseRunResult(seed, null, world);
        }
        catch (SafetyViolationException e)
        {
            return new LeaseRunResult(seed, e.Message, world);
        }
#pragma warning disable CA1031 // Whatever code under test throws is a finding, told with its seed.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new LeaseRunResult(seed, $"{e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n')[0].Trim()}", world);
        }
    }
}
