using Storage.Core.Tree;
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

    [Fact]
    public async Task Close_WithReaders_CompletesWhenTheLastHasLeft()
    {
        var registry = new SlotSnapshotRegistry();
        var (first, second) = (registry.Enter(1), registry.Enter(2));
        var closed = registry.CloseAsync();
        Assert.Throws<TreeClosedException>(() => registry.Enter(3));
        registry.Exit(first);
        Assert.False(closed.IsCompleted);
        registry.Exit(second);
        await closed.WaitAsync(TimeSpan.FromSeconds(10));
        await registry.CloseAsync();
    }

    [Fact]
    public void Close_WhileReadersComeAndGo_NobodyIsInsideAfterwards()
    {
        for (var round = 0; round < 200; round++)
            CloseUnderReaders();
    }

    // With threads of its own and no pool in between, whose threads other tests keep busy: only what the registry does takes time.
    private static void CloseUnderReaders()
    {
        var registry = new SlotSnapshotRegistry();
        int inside = 0, isClosed = 0;
        using var running = new CountdownEvent(2);
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(() =>
        {
            running.Signal();
            try
            {
                while (true)
                {
                    var ticket = registry.Enter(1);
                    Interlocked.Increment(ref inside);
                    Assert.Equal(0, Volatile.Read(ref isClosed));
                    Interlocked.Decrement(ref inside);
                    registry.Exit(ticket);
                }
            }
            catch (TreeClosedException)
            {
                // The only way out.
            }
        }, TaskCreationOptions.LongRunning)).ToArray();
        running.Wait();
        Assert.True(registry.CloseAsync().Wait(TimeSpan.FromSeconds(10)));
        Volatile.Write(ref isClosed, 1);
        Assert.Equal(0, Volatile.Read(ref inside));
        Task.WaitAll(readers);
    }
}
