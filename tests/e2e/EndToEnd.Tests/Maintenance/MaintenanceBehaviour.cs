using Grpc.Core;

namespace EndToEnd.Tests.Maintenance;

/// <summary>
/// Goal: history ends by itself, and a store that was full is so no longer once there is space, in every way to run the services. Method: settings in the
/// environment, then only what a client can do.
/// </summary>
public abstract class MaintenanceBehaviour
{
    private const int ValueBytes = 1 << 20;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Compacts what is older than a second.</summary>
    protected static async Task CompactsByItselfAsync(ProcessDeployment deployment)
    {
        await using (deployment)
        {
            await deployment.StartAsync();
            using var client = new V3Client(deployment.Client);
            var first = (await client.PutAsync("a", "1")).Header.Revision;
            await Poll.UntilAsync("the first revision to be compacted", s_patience, async () =>
            {
                await client.PutAsync("a", "again");
                return await IsCompactedAsync(client, first);
            });
        }
    }

    /// <summary>A quota of 16 MiB: writes are refused when it is reached, and taken again after a delete and a compaction alone.</summary>
    protected static async Task TakesWritesAgainAsync(ProcessDeployment deployment)
    {
        await using (deployment)
        {
            await deployment.StartAsync();
            using var client = new V3Client(deployment.Client);
            var refused = await Assert.ThrowsAsync<RpcException>(async () =>
            {
                for (var n = 0; n < 100; n++)
                    await client.PutAsync($"fill/{n}", new string('v', ValueBytes));
            });
            Assert.Equal((StatusCode.ResourceExhausted, "etcdserver: mvcc: database space exceeded"), (refused.StatusCode, refused.Status.Detail));
            Assert.Single((await client.StatusAsync()).Errors);
            // Small ones too: the alarm is raised.
            refused = await Assert.ThrowsAsync<RpcException>(() => client.PutAsync("small", "v"));
            Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);

            var revision = (await client.DeleteAsync("fill/", "fill0")).Header.Revision;
            await client.CompactAsync(revision);
            await Poll.UntilAsync("the alarm to be cleared", s_patience, async () => (await client.StatusAsync()).Errors.Count == 0);
            await client.PutAsync("small", "v");
            await client.PutAsync("large", new string('v', ValueBytes));
        }
    }

    private static async Task<bool> IsCompactedAsync(V3Client client, long revision)
    {
        try
        {
            await client.RangeAsync("a", revision: revision);
            return false;
        }
        catch (RpcException refused) when (refused.Status.Detail == "etcdserver: mvcc: required revision has been compacted")
        {
            return true;
        }
    }
}

public sealed class StandaloneMaintenanceTests : MaintenanceBehaviour
{
    [DeploymentFact]
    public Task AutoCompaction_ShortPeriod_EndsHistory() =>
        CompactsByItselfAsync(new StandaloneDeployment { Environment = { ["ETCD_AUTO_COMPACTION_RETENTION"] = "1s" } });

    [DeploymentFact]
    public Task Quota_ReachedThenSpaceFreed_WritesGoOn() =>
        TakesWritesAgainAsync(new StandaloneDeployment { Environment = { ["ETCD_QUOTA_BACKEND_BYTES"] = "16777216" } });
}

public sealed class FiveProcessesMaintenanceTests : MaintenanceBehaviour
{
    [DeploymentFact]
    public Task AutoCompaction_ShortPeriod_EndsHistory() =>
        CompactsByItselfAsync(new FiveProcessesDeployment { Environment = { ["LeaseManager__AutoCompactionRetention"] = "1s" } });

    [DeploymentFact]
    public Task Quota_ReachedThenSpaceFreed_WritesGoOn() =>
        TakesWritesAgainAsync(new FiveProcessesDeployment { Environment = { ["Storage__QuotaBackendBytes"] = "16777216" } });
}

[Needs(Tool.Etcd)]
public sealed class RealEtcdMaintenanceTests : MaintenanceBehaviour
{
    [DeploymentFact]
    public Task AutoCompaction_ShortPeriod_EndsHistory() =>
        CompactsByItselfAsync(new RealEtcdDeployment { Environment = { ["ETCD_AUTO_COMPACTION_RETENTION"] = "1s" } });
}
