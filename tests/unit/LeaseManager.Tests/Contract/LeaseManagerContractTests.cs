using Consensus.Contracts;
using System.Net;
using LeaseManager.Client;
using LeaseManager.Contracts;
using LeaseManager.Host;
using LeaseManager.Tests.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LeaseManager.Tests.Contract;

/// <summary>What <see cref="ILeaseManager"/> promises, over any binding, with a clock that the test moves.</summary>
#pragma warning disable CA1001 // The test runner disposes through IAsyncLifetime.
public abstract class LeaseManagerContractTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private readonly ManualTime _time = new();
    private readonly CancellationTokenSource _deadline = new(Deadline);
    private FakeCluster _cluster = null!;
    private WebApplication _app = null!;
    private ILeaseManager _manager = null!;

    protected abstract ILeaseManager Bind(WebApplication app, string address);

    public async Task InitializeAsync()
    {
        _cluster = new FakeCluster(_time);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<Storage.Contracts.IStorage>(_cluster);
        builder.Services.AddSingleton<Consensus.Contracts.IConsensus>(_cluster);
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddSingleton(new LeaseManagerOptions());
        builder.Services.AddLeaseManager(builder.Configuration);
        _app = builder.Build();
        _app.MapLeaseManager();
        await _app.StartAsync();
        _manager = Bind(_app, _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        // Active from here on: the first answer waits for the claim.
        await _manager.ListAsync(default, _deadline.Token);
    }

    public async Task DisposeAsync()
    {
        if (_manager is LeaseManagerClient client)
            await client.DisposeAsync();
        await _app.DisposeAsync();
        _deadline.Dispose();
    }

    [Fact]
    public async Task KeepAlive_GrantedLease_ItsTtl()
    {
        var granted = _cluster.Grant(7, 10);
        var result = await _manager.KeepAliveAsync(7, granted, _deadline.Token);
        Assert.Equal((10L, 1L, 2UL), (result.TtlSeconds, result.Revision, result.Term.Value));
        Assert.Equal(0, (await _manager.KeepAliveAsync(8, granted, _deadline.Token)).TtlSeconds);
    }

    [Fact]
    public async Task KeepAlive_FeedBehindMinApplied_WaitsForIt()
    {
        _cluster.HoldFeed(_cluster.Index);
        var granted = _cluster.Grant(7, 10);
        var asked = _manager.KeepAliveAsync(7, granted, _deadline.Token).AsTask();
        Assert.False(asked.IsCompleted);
        _cluster.HoldFeed(null);
        Assert.Equal(10, (await asked).TtlSeconds);
    }

    [Fact]
    public async Task Expiry_LeaseOfTwoSeconds_GoneBetweenTwoAndTwoPointSix()
    {
        var granted = _cluster.Grant(7, 2);
        await _manager.TimeToLiveAsync(7, granted, _deadline.Token);
        for (var step = 0; step < 26 && _cluster.HasLease(7); step++)
            await StepAsync(TimeSpan.FromMilliseconds(100));
        await UntilAsync(() => !_cluster.HasLease(7));
        Assert.InRange(_cluster.EndedAt[7], TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2.6));
        Assert.Equal(0, (await _manager.KeepAliveAsync(7, _cluster.Index, _deadline.Token)).TtlSeconds);
    }

    [Fact]
    public async Task Expiry_LeaseKeptAlive_EndsTtlAfterTheLastKeepAlive()
    {
        var granted = _cluster.Grant(7, 5);
        for (var n = 0; n < 5; n++)
        {
            Assert.Equal(5, (await _manager.KeepAliveAsync(7, granted, _deadline.Token)).TtlSeconds);
            await StepAsync(TimeSpan.FromSeconds(4));
        }
        // Last keep-alive at 16 s, now 20 s.
        Assert.True(_cluster.HasLease(7));
        await StepAsync(TimeSpan.FromSeconds(1.1));
        await UntilAsync(() => !_cluster.HasLease(7));
        Assert.InRange(_cluster.EndedAt[7], TimeSpan.FromSeconds(21), TimeSpan.FromSeconds(21.1));
    }

    [Fact]
    public async Task Expiry_KeepAliveWaitsForAProof_LeaseLivesUntilItIsAnswered()
    {
        _cluster.Grant(7, 2);
        var granted = _cluster.Grant(8, 2);
        await _manager.TimeToLiveAsync(8, granted, _deadline.Token);
        var (isAsked, proof) = (new TaskCompletionSource(), new TaskCompletionSource<ReadIndex>());
        _cluster.OnReadIndex = () =>
        {
            isAsked.TrySetResult();
            return new(proof.Task);
        };
        await StepAsync(TimeSpan.FromSeconds(1.5));
        var kept = _manager.KeepAliveAsync(7, granted, _deadline.Token).AsTask();
        await isAsked.Task.WaitAsync(_deadline.Token);
        await StepAsync(TimeSpan.FromSeconds(1.5));
        await UntilAsync(() => !_cluster.HasLease(8));
        Assert.True(_cluster.HasLease(7));
        _cluster.OnReadIndex = null;
        proof.SetResult(new ReadIndex(granted, new Term(2)));
        Assert.Equal(2, (await kept).TtlSeconds);
        await StepAsync(TimeSpan.FromSeconds(1.9));
        Assert.True(_cluster.HasLease(7));
        await UntilAsync(() => !_cluster.HasLease(7), TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public async Task TimeToLiveAndList_SeveralLeases_RemainingAndSoonestFirst()
    {
        _cluster.Grant(1, 30);
        _cluster.Grant(-2, 10);
        var last = _cluster.Grant(3, 20);
        var list = await _manager.ListAsync(last, _deadline.Token);
        Assert.Equal([-2L, 3, 1], list.Ids);
        _time.Advance(TimeSpan.FromSeconds(2.5));
        var alive = await _manager.TimeToLiveAsync(3, last, _deadline.Token);
        Assert.Equal((17L, 20L), (alive.RemainingSeconds, alive.GrantedSeconds));
        var unknown = await _manager.TimeToLiveAsync(99, last, _deadline.Token);
        Assert.Equal((-1L, 0L), (unknown.RemainingSeconds, unknown.GrantedSeconds));
    }

    [Fact]
    public async Task Expiry_TwentyThousandAtOnce_InBatches()
    {
        LogIndex last = default;
        for (var id = 1; id <= 20_000; id++)
            last = _cluster.Grant(id, 2);
        await _manager.TimeToLiveAsync(1, last, _deadline.Token);
        _time.Advance(TimeSpan.FromSeconds(2.1));
        await UntilAsync(() => _cluster.LeaseCount == 0);
        Assert.All(_cluster.ExpireSizes, size => Assert.InRange(size, 1, 1000));
        Assert.Equal(20_000, _cluster.ExpireSizes.Sum());
    }

    [Fact]
    public async Task Expiry_LeaderDiesWithTheProposal_ProposedAgain()
    {
        var granted = _cluster.Grant(7, 2);
        await _manager.TimeToLiveAsync(7, granted, _deadline.Token);
        _cluster.SwallowsProposals = true;
        _time.Advance(TimeSpan.FromSeconds(2.1));
        _cluster.SwallowsProposals = false;
        _cluster.Break();
        await UntilAsync(() => !_cluster.HasLease(7), TimeSpan.FromMilliseconds(50));
        Assert.True(_cluster.EndedAt[7] >= TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Expiry_ResultLost_TakesEffectOnce()
    {
        var granted = _cluster.Grant(7, 2);
        await _manager.TimeToLiveAsync(7, granted, _deadline.Token);
        _cluster.LosesResults = true;
        _time.Advance(TimeSpan.FromSeconds(2.1));
        await UntilAsync(() => !_cluster.HasLease(7));
        _cluster.LosesResults = false;
        _cluster.Break();
        var again = _cluster.Grant(7, 2);
        await _manager.TimeToLiveAsync(7, again, _deadline.Token);
        // The new lease of the same id lives its own time: the repeated expiry of the old one is answered, not applied.
        Assert.Equal(2, (await _manager.KeepAliveAsync(7, again, _deadline.Token)).TtlSeconds);
        Assert.Single(_cluster.ExpireSizes);
        await UntilAsync(() => !_cluster.HasLease(7), TimeSpan.FromMilliseconds(100));
        Assert.Equal(2, _cluster.ExpireSizes.Count);
    }

    [Fact]
    public async Task Claim_ReplacedByAnother_StopsAnsweringThenClaimsAgain()
    {
        var granted = _cluster.Grant(7, 2);
        await _manager.KeepAliveAsync(7, granted, _deadline.Token);
        _cluster.ClaimByAnother();
        var stopped = false;
        while (!stopped)
        {
            try
            {
                await _manager.KeepAliveAsync(7, granted, _deadline.Token);
                await Task.Yield();
            }
            catch (LeaseManagerNotActiveException)
            {
                stopped = true;
            }
        }
        Assert.Equal(2UL, _cluster.Epoch);
        await UntilAsync(() => _cluster.Epoch == 3, TimeSpan.FromMilliseconds(100));
        Assert.True(_cluster.HasLease(7));
        // The full TTL again, then the end.
        Assert.Equal([7L], (await _manager.ListAsync(granted, _deadline.Token)).Ids);
        await UntilAsync(() => !_cluster.HasLease(7), TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public async Task V2_EarliestDeadlinePasses_ProposedOnceWithTheWallClock()
    {
        var deadline = (_time.GetUtcNow().UtcTicks - DateTime.UnixEpoch.Ticks) * 100 + 3_000_000_000;
        _cluster.SetNextV2(deadline);
        await _manager.ListAsync(_cluster.Index, _deadline.Token);
        await StepAsync(TimeSpan.FromSeconds(2.9));
        Assert.Empty(_cluster.V2Expiries);
        await UntilAsync(() => _cluster.V2Expiries.Count == 1, TimeSpan.FromMilliseconds(50));
        Assert.True(_cluster.V2Expiries[0] >= deadline);
    }

    /// <summary>Moves the clock, then lets the manager answer once, so that what the clock set off has begun.</summary>
    private async Task StepAsync(TimeSpan by)
    {
        _time.Advance(by);
        await _manager.ListAsync(default, _deadline.Token);
    }

    /// <summary>Polls a condition up to the deadline, moving the clock each time if asked to.</summary>
    private async Task UntilAsync(Func<bool> condition, TimeSpan? step = null)
    {
        while (!condition())
        {
            if (step is { } by)
                _time.Advance(by);
            await Task.Delay(1, _deadline.Token);
        }
    }
}
