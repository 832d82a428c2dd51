using EtcdApi.Mvccpb;
using Microsoft.Extensions.Logging.Abstractions;
using Storage.Contracts;
using Storage.Core.Mvcc;
using Storage.Core.Reads;
using Storage.Core.Tree;
using Storage.Host.Service;
using Storage.Tests.Harness;
using Replica = Storage.Tests.Harness.Replica;

namespace Storage.Tests.Snapshots;

/// <summary>Goal: a read whose data file is replaced between its view and its first page goes on at the new state. Method: trees that close in that moment.</summary>
public sealed class ReplacedTreeTests
{
    [Fact]
    public void Run_TreeClosedUnderTheRead_ReadsTheNewState()
    {
        using var stopping = new CancellationTokenSource();
        var guard = NewGuard(stopping.Token);
        var (old, copy) = Replaced();
        var hash = guard.Run(old, static old => StateReads.Hash(old.State, 0));
        Assert.Equal(StateReads.Hash(copy.State, 0), hash);
    }

    [Fact]
    public async Task Run_TreeClosedBecauseTheReplicaStops_Throws()
    {
        using var stopping = new CancellationTokenSource();
        var guard = NewGuard(stopping.Token);
        await stopping.CancelAsync();
        Assert.Throws<TreeClosedException>(() => guard.Run(0, static int (_) => throw new TreeClosedException()));
    }

    [Fact]
    public void EventWithPrevious_TreeClosedUnderIt_IsReadFromTheNewState()
    {
        var (old, _) = Replaced(armed: false, out var arm);
        var batch = HistoryReader.Read(old.State, new KeyRange("a"u8, default), 3, 4, 1_000);
        arm();
        var change = batch.Revisions.Single().Events.Single();
        Assert.Equal("1", Event.Parser.ParseFrom(change.EventWithPrevious.Span).PrevKv.Value.ToStringUtf8());
    }

    private static ReadGuard NewGuard(CancellationToken stopping) =>
        new(new FatalHandler(NullLogger.Instance, static (what, exception) => Assert.Fail($"{what}: {exception}")), stopping);

    private static (Replica Old, Replica Copy) Replaced()
    {
        var replicas = Replaced(armed: true, out _);
        return replicas;
    }

    // The old one's values are in its tree alone, and its tree gives no more snapshots from the moment that another state is published.
    private static (Replica Old, Replica Copy) Replaced(bool armed, out Action arm)
    {
        var origin = new Replica();
        for (var i = 1; i <= 5; i++)
            origin.Put("a", $"{i}");
        origin.Commit();
        // After a restart nothing is in memory but the keys.
        var (old, copy) = (origin.AfterCrash([]), origin.AfterCrash([]));
        arm = () => old.Tree.BeforeSnapshot = () =>
        {
            old.State.Current = copy.State.Current;
            throw new TreeClosedException();
        };
        if (armed)
            arm();
        return (old, copy);
    }
}
