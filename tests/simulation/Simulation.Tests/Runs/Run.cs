using Simulation.Checks;
using Simulation.World;

namespace Simulation.Runs;

/// <summary>What came of one history.</summary>
internal sealed record RunResult(int Seed, int Members, string? Failure, SimulatedWorld World)
{
    /// <summary>One line that says what went wrong and how to see it again.</summary>
    public string Line => $"seed {Seed} of {Members} members: {Failure} -- replay: dotnet run -c Release --project tests/simulation/Simulation.Tests -- --seed {Seed} --nodes {Members} --trace";
}

/// <summary>Runs histories.</summary>
internal static class Run
{
    /// <param name="seed">Everything follows from it and the number of members.</param>
    /// <param name="members">Initial members.</param>
    /// <param name="change">What a test wants otherwise than drawn.</param>
    /// <param name="keepsTrace">Keep what happened, for people.</param>
    public static RunResult One(int seed, int members, Func<Profile, Profile>? change = null, bool keepsTrace = false)
    {
        var profile = Profile.Draw(new Random(seed), members);
        var world = new SimulatedWorld(seed, change?.Invoke(profile) ?? profile, keepsTrace);
        try
        {
            world.Run();
            return new RunResult(seed, members, null, world);
        }
        catch (SafetyViolationException e)
        {
            return new RunResult(seed, members, e.Message, world);
        }
#pragma warning disable CA1031 // Whatever code under test throws is a finding, told with its seed.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new RunResult(seed, members, $"{e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n')[0].Trim()}", world);
        }
    }
}
