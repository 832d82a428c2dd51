using LeaseManager.Core.Compaction;
using LeaseManager.Host;
using LeaseManager.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace LeaseManager.Tests.Compaction;

/// <summary>Goal: the active manager compacts, and no other. Method: managers on one fake log and a clock that the test moves.</summary>
public sealed class CompactionLoopTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    private readonly ManualTime _time = new();
    private readonly FakeLeadership _leadership = new();

    [Fact]
    public async Task Active_IntervalOver_ProposesTheCompaction()
    {
        var cluster = new FakeCluster(_time) { Revision = 500 };
        await using var running = await StartAsync(cluster);
        _leadership.IsLeader = true;
        await UntilAsync(() => running.Manager.IsActive);
        await UntilAsync(() => !cluster.Compactions.IsEmpty);
        Assert.Equal(400, cluster.Compactions.First());
    }

    [Fact]
    public async Task Passive_IntervalsOver_ProposesNothing()
    {
        var cluster = new FakeCluster(_time) { Revision = 500 };
        await using var running = await StartAsync(cluster);
        // It has looked at least twice: once to begin, once after an interval.
        await UntilAsync(() => cluster.StatusesAsked > 2);
        Assert.Empty(cluster.Compactions);
    }

    private async Task<Running> StartAsync(FakeCluster cluster)
    {
        var manager = new LeaseManagerService(
            cluster, cluster, _leadership, new LeaseManagerOptions { Compaction = new RevisionRule(100) }, _time, NullLogger<LeaseManagerService>.Instance);
        await manager.StartAsync(CancellationToken.None);
        return new Running(manager);
    }

    // The clock of the test goes on while it waits.
    private async Task UntilAsync(Func<bool> isTrue)
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (!isTrue())
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            await Task.Delay(1, patience.Token);
        }
    }

    private sealed class Running(LeaseManagerService manager) : IAsyncDisposable
    {
        public LeaseManagerService Manager => manager;

        public async ValueTask DisposeAsync()
        {
            await manager.StopAsync(CancellationToken.None);
            manager.Dispose();
        }
    }
}
