using Consensus.Contracts;
using LeaseManager.Contracts;
using LeaseManager.Host;
using LeaseManager.Tests.Fakes;

namespace LeaseManager.Tests.Leadership;

/// <summary>Managers that hold the claim while their member leads, on one fake log and a clock that the test moves (I7).</summary>
#pragma warning disable CA1001 // The test runner disposes through IAsyncLifetime.
public sealed class LeadershipTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly ManualTime _time = new();
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(20));
    private readonly FakeCluster _cluster;
    private readonly Node _one;
    private readonly Node _two;

    public LeadershipTests()
    {
        _cluster = new FakeCluster(_time);
        _one = new Node(_cluster, _time, "one");
        _two = new Node(_cluster, _time, "two");
    }

    public async Task InitializeAsync()
    {
        await _one.Manager.StartAsync(_deadline.Token);
        await UntilAsync(() => _cluster.FeedsOpened == 1); // Feed 0 is the first manager's.
        await _two.Manager.StartAsync(_deadline.Token);
    }

    public async Task DisposeAsync()
    {
        await _one.Manager.StopAsync(CancellationToken.None);
        await _two.Manager.StopAsync(CancellationToken.None);
        _one.Manager.Dispose();
        _two.Manager.Dispose();
        _deadline.Dispose();
    }

    [Fact]
    public async Task KeepAlive_NobodyLeads_NotActiveAtOnceAndNobodyClaims()
    {
        _cluster.Grant(7, 10);
        await Assert.ThrowsAsync<LeaseManagerNotActiveException>(() => KeepAliveAsync(_one));
        await Assert.ThrowsAsync<LeaseManagerNotActiveException>(async () => await _one.Manager.ListAsync(default, _deadline.Token));
        await Assert.ThrowsAsync<LeaseManagerNotActiveException>(async () => await _one.Manager.TimeToLiveAsync(7, default, _deadline.Token));
        Assert.Equal(0UL, _cluster.Epoch);
    }

    [Fact]
    public async Task KeepAlive_LeadershipMoves_TheOldStopsAtOnceAndTheNewAnswers()
    {
        _cluster.Grant(7, 10);
        _one.Leadership.IsLeader = true;
        Assert.Equal(10, (await UntilAnsweredAsync(_one)).TtlSeconds);
        Assert.True(_one.Manager.IsActive);
        _one.Leadership.IsLeader = false;
        await Assert.ThrowsAsync<LeaseManagerNotActiveException>(() => KeepAliveAsync(_one));
        Assert.False(_one.Manager.IsActive);
        _two.Leadership.IsLeader = true;
        Assert.Equal(10, (await UntilAnsweredAsync(_two)).TtlSeconds);
        await Assert.ThrowsAsync<LeaseManagerNotActiveException>(() => KeepAliveAsync(_one));
    }

    [Fact]
    public async Task Claim_LeadershipComesBack_ClaimsAnew()
    {
        _one.Leadership.IsLeader = true;
        await UntilAsync(() => _one.Manager.IsActive);
        var epoch = _cluster.Epoch;
        _one.Leadership.IsLeader = false;
        await UntilAsync(() => _one.Released());
        Assert.False(_one.Manager.IsActive);
        _one.Leadership.IsLeader = true;
        await UntilAsync(() => _one.Manager.IsActive && _cluster.Epoch > epoch);
    }

    [Fact]
    public async Task Claim_FencedWhileLeading_ClaimsAgainSoon()
    {
        _one.Leadership.IsLeader = true;
        await UntilAsync(() => _one.Manager.IsActive);
        var epoch = _cluster.Epoch;
        _cluster.ClaimByAnother();
        await UntilAsync(() => _cluster.Epoch >= epoch + 2, TimeSpan.FromMilliseconds(1));
        // Far less than the second after which a manager that nobody elects would claim again.
        Assert.InRange(_time.GetElapsedTime(0), TimeSpan.Zero, TimeSpan.FromMilliseconds(900));
    }

    [Fact]
    public async Task Claim_LeadershipLostBeforeItIsMade_IsNotProposedAgain()
    {
        _cluster.SwallowsProposals = true;
        _one.Leadership.IsLeader = true;
        await UntilAsync(() => _cluster.Swallowed > 0);
        _one.Leadership.IsLeader = false;
        await UntilAsync(() => _one.Released());
        _cluster.SwallowsProposals = false;
        _cluster.Break();
        // The stream is opened again and has nothing to say; the other manager's claim is the first.
        _two.Leadership.IsLeader = true;
        await UntilAsync(() => _two.Manager.IsActive, TimeSpan.FromMilliseconds(5));
        Assert.Equal(1UL, _cluster.Epoch);
    }

    /// <summary>
    /// The old leader's manager still believes in its leadership and its feed stands still, so it cannot see the successor's claim: it answers no longer than its
    /// proof is good, and the successor's leases outlive the last of those answers by their whole TTL.
    /// </summary>
    [Fact]
    public async Task KeepAlive_DeposedButUnaware_AnswersNoLongerThanTheSuccessorsGrace()
    {
        _cluster.Grant(7, 2);
        _one.Leadership.IsLeader = true;
        await UntilAnsweredAsync(_one);
        var seen = _cluster.Index;
        _cluster.HoldFeedOf(0, seen);
        _cluster.OnReadIndex = static () => ValueTask.FromException<ReadIndex>(new NoLeaderException("cut off"));
        _two.Leadership.IsLeader = true;
        await UntilAsync(() => _two.Manager.IsActive);

        var lastAnswer = TimeSpan.Zero;
        try
        {
            while (true)
            {
                await _one.Manager.KeepAliveAsync(7, seen, _deadline.Token);
                lastAnswer = _time.GetElapsedTime(0);
                _time.Advance(TimeSpan.FromMilliseconds(20));
            }
        }
        catch (LeaseManagerNotActiveException)
        {
            // The proof has become too old, and no round confirms it.
        }
        Assert.InRange(lastAnswer, TimeSpan.FromMilliseconds(400), TimeSpan.FromMilliseconds(520));
        await UntilAsync(() => !_cluster.HasLease(7), TimeSpan.FromMilliseconds(20));
        Assert.True(_cluster.EndedAt[7] >= lastAnswer + TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task KeepAlive_ProofTooOld_AsksForAReadIndexAndWaitsForTheFeedToReachIt()
    {
        _cluster.Grant(7, 10);
        _one.Leadership.IsLeader = true;
        await UntilAnsweredAsync(_one);
        _time.Advance(TimeSpan.FromSeconds(1));
        var read = new TaskCompletionSource<ReadIndex>();
        _cluster.OnReadIndex = () => new(read.Task);
        var asked = KeepAliveAsync(_one);
        Assert.False(asked.IsCompleted);
        // A newer claim, committed before the read index: the round must find it, not confirm ours.
        _cluster.HoldFeedOf(0, _cluster.Index);
        _cluster.ClaimByAnother();
        read.SetResult(new ReadIndex(_cluster.Index, new Term(2)));
        Assert.False(asked.IsCompleted);
        _cluster.OnReadIndex = null;
        var epoch = _cluster.Epoch;
        _cluster.HoldFeedOf(0, null);
        await Assert.ThrowsAsync<LeaseManagerNotActiveException>(() => asked);
        await UntilAsync(() => _cluster.Epoch > epoch, TimeSpan.FromMilliseconds(5));
        Assert.Equal(10, (await UntilAnsweredAsync(_one)).TtlSeconds);
    }

    private Task<KeepAliveResult> KeepAliveAsync(Node node) => node.Manager.KeepAliveAsync(7, _cluster.Index, _deadline.Token).AsTask();

    private async Task<KeepAliveResult> UntilAnsweredAsync(Node node)
    {
        while (true)
        {
            try
            {
                return await KeepAliveAsync(node);
            }
            catch (LeaseManagerNotActiveException)
            {
                await Task.Delay(1, _deadline.Token);
            }
        }
    }

    private async Task UntilAsync(Func<bool> condition, TimeSpan? step = null)
    {
        while (!condition())
        {
            if (step is { } by)
                _time.Advance(by);
            await Task.Delay(1, _deadline.Token);
        }
    }

    private sealed class Node(FakeCluster cluster, TimeProvider time, string name)
    {
        private readonly ReleaseLog _log = new();

        public FakeLeadership Leadership { get; } = new();

        public LeaseManagerService Manager => field ??= new(
            cluster, cluster, Leadership, new LeaseManagerOptions { Name = name }, time, _log);

        public bool Released() => _log.Released;
    }

    private sealed class ReleaseLog : Microsoft.Extensions.Logging.ILogger<LeaseManagerService>
    {
        public bool Released { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(Microsoft.Extensions.Logging.LogLevel logLevel) => true;

        public void Log<TState>(
            Microsoft.Extensions.Logging.LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => Released |= eventId.Id == 9;
    }
}
