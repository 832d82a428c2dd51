using Conformance.Harness;

namespace Conformance.Cluster;

/// <summary>Runs a scenario on a cluster of real etcd and on one of the candidate, each started for it alone, and compares the transcripts.</summary>
internal static class ClusterComparison
{
    public static async Task CompareAsync(Scenario<ClusterSession> scenario, Func<ServerProgram> etcd, string ctlRelease)
    {
        var (reference, candidate) = (RunAsync(etcd(), scenario, ctlRelease), RunAsync(ClusterSettings.Candidate(etcd), scenario, ctlRelease));
        await Task.WhenAll(reference, candidate);
        var ((expected, referenceLog), (actual, candidateLog)) = (await reference, await candidate);
        expected.Save(scenario.Name, "reference");
        actual.Save(scenario.Name, "candidate");
        Assert.False(expected.Broke, $"the scenario does not even run on {etcd().Label}:\n{expected}\n{referenceLog}");
        var diff = LineDiff.Between(expected.Lines, actual.Lines);
        Assert.True(diff is null, $"{scenario.Name}: - {etcd().Label}, + candidate\n{diff}\n{candidateLog}");
    }

    private static async Task<(Transcript, string Log)> RunAsync(ServerProgram program, Scenario<ClusterSession> scenario, string ctlRelease)
    {
        var transcript = new Transcript();
        await using var session = new ClusterSession(program, ctlRelease, transcript);
        try
        {
            await scenario.Body(session);
        }
#pragma warning disable CA1031 // Whatever the server under test provokes is an answer to compare, and is shown in the diff.
        catch (Exception e)
#pragma warning restore CA1031
        {
            transcript.Break(e);
        }
        return (transcript, session.Log);
    }
}
