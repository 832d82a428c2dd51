using Chaos.Tests.Harness;
using Chaos.Tests.Harness.Programs;
using Chaos.Tests.Workload;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Xunit.Abstractions;

namespace Chaos.Tests.Scenarios;

/// <summary>
/// Goal: a member that was away for longer than the log reaches back comes back with exactly the others' state (I3, I9). Method: more is written
/// without it than the log keeps, in values large enough to fill log files; then hashes of the key space are compared.
/// </summary>
public sealed class CatchUpTests(ITestOutputHelper output) : ClusterScenario(output)
{
    // The log goes by whole files of 64 MiB; a request may have 1.5 MiB.
    private const int Writes = 150, ValueBytes = 1024 * 1024, Keys = 4;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    [ChaosFact]
    public async Task MemberAwayForLongerThanTheLog_Returns_WithTheSameState()
    {
        await using var cluster = await ChaosCluster.StartAsync(
            ClusterProgram.Chosen, new ClusterOptions { Variables = new Dictionary<string, string?> { ["ETCD_SNAPSHOT_COUNT"] = "10" } });
        try
        {
            var leader = await cluster.LeaderAsync();
            var away = cluster.Members.First(member => member != leader);
            await away.KillAsync();
            using var channel = EtcdCalls.Connect(leader.Endpoint);
            var value = new byte[ValueBytes];
            Random.Shared.NextBytes(value);
            long revision = 0;
            for (var i = 0; i < Writes; i++)
            {
                var put = new PutRequest { Key = ByteString.CopyFromUtf8($"large{i % Keys}"), Value = ByteString.CopyFrom(value) };
                revision = (await EtcdCalls.PutAsync(channel, put, s_limit)).Header.Revision;
            }

            away.Start();
            await cluster.AllHealthyAsync();
            if (Settings.IsOurs)
                Assert.True(away.Processes.Wrote("installed a snapshot"), "it caught up without a snapshot");
            var hashes = new List<uint>();
            foreach (var member in cluster.Members)
            {
                using var own = EtcdCalls.Connect(member.Endpoint);
                hashes.Add((await EtcdCalls.HashAsync(own, revision, s_limit)).Hash);
            }
            Assert.Single(hashes.Distinct());
            // And it takes part again: a write through it.
            using var back = EtcdCalls.Connect(away.Endpoint);
            var last = await EtcdCalls.PutAsync(back, new PutRequest { Key = ByteString.CopyFromUtf8("back") }, s_limit);
            Assert.Equal(revision + 1, last.Header.Revision);
        }
        catch (Exception)
        {
            Output.WriteLine(cluster.Log);
            throw;
        }
    }
}
