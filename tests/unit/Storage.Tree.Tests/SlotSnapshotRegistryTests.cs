using Storage.Host.Disk;

namespace Storage.Tree.Tests;

/// <summary>The oldest reader is found whoever comes and goes, with more readers than one block has slots.</summary>
public sealed class SlotSnapshotRegistryTests
{
    [Fact]
    public void FindOldest_ReadersComeAndGo_IsTheLeastEntered()
    {
        var registry = new SlotSnapshotRegistry();
        Assert.Equal(long.MaxValue, registry.FindOldest());
        var tickets = Enumerable.Range(0, 1000).Select(txn => registry.Enter(txn)).ToArray();
        Assert.Equal(1000, tickets.Distinct().Count());
        for (var txn = 0; txn < 1000; txn++)
        {
            Assert.Equal(txn, registry.FindOldest());
            registry.Exit(tickets[txn]);
        }
        Assert.Equal(long.MaxValue, registry.FindOldest());
    }

    [Fact]
    public void Enter_ManyThreads_EachHasItsOwnTicket()
    {
        var registry = new SlotSnapshotRegistry();
        var owners = new int[4096];
        Parallel.For(0, 20_000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            var ticket = registry.Enter(i);
            Assert.Equal(1, Interlocked.Increment(ref owners[ticket]));
            Assert.True(registry.FindOldest() <= i);
            Interlocked.Decrement(ref owners[ticket]);
            registry.Exit(ticket);
        });
        Assert.Equal(long.MaxValue, registry.FindOldest());
    }
}
