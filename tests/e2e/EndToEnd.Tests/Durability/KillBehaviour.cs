namespace EndToEnd.Tests.Durability;

/// <summary>Goal: every acknowledged write survives SIGKILL of every process (I1, I2). Method: kill at a random moment under load, restart, read.</summary>
public abstract class KillBehaviour
{
    private const int Rounds = 4, WritersPerApi = 16;
    private const long MinWritesPerRound = 300;

    protected static async Task SurvivesAsync(ProcessDeployment deployment)
    {
        await using (deployment)
        {
            var seed = Environment.TickCount;
            var random = new Random(seed);
            var writes = new AcknowledgedWrites();
            await deployment.StartAsync();
            for (var round = 0; round < Rounds; round++)
            {
                var target = writes.Count + MinWritesPerRound + random.Next(2000);
                var writing = writes.WriteUntilCrashAsync(deployment, round, WritersPerApi);
                await Poll.UntilAsync($"acknowledged writes in round {round} (seed {seed})", TimeSpan.FromSeconds(60), () =>
                {
                    if (writing.IsFaulted)
                        writing.GetAwaiter().GetResult(); // Its own words say more than a timeout.
                    return Task.FromResult(writes.Count >= target);
                });
                await deployment.KillAsync();
                await writing.WaitAsync(TimeSpan.FromSeconds(60));
                await deployment.StartAsync();
                await writes.VerifyAsync(deployment); // All rounds so far: nothing is lost later either.
            }
        }
    }
}

public sealed class StandaloneKillTests : KillBehaviour
{
    [DeploymentFact]
    public Task Kill9_UnderManyWriters_LosesNothingAcknowledged() => SurvivesAsync(new StandaloneDeployment());
}

public sealed class FiveProcessesKillTests : KillBehaviour
{
    [DeploymentFact]
    public Task Kill9_UnderManyWriters_LosesNothingAcknowledged() => SurvivesAsync(new FiveProcessesDeployment());
}

public sealed class ClusterProcessesKillTests : KillBehaviour
{
    [DeploymentFact]
    public Task Kill9_UnderManyWriters_LosesNothingAcknowledged() => SurvivesAsync(new ClusterProcessesDeployment());
}

[Needs(Tool.Etcd)]
public sealed class RealEtcdKillTests : KillBehaviour
{
    [DeploymentFact]
    public Task Kill9_UnderManyWriters_LosesNothingAcknowledged() => SurvivesAsync(new RealEtcdDeployment());
}
