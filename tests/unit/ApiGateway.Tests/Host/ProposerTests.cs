using ApiGateway.Core.Errors;
using ApiGateway.Host;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Proposing;
using ApiGateway.Tests.Fakes;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Storage.Contracts;

namespace ApiGateway.Tests.Host;

/// <summary>Retries, at-most-once, limits and deadlines of the proposer, over a fake log that applies at once.</summary>
public sealed class ProposerTests : IAsyncLifetime
{
    private static readonly byte[] s_put = new PutRequest { Key = ByteString.CopyFromUtf8("k") }.ToByteArray();
    private readonly FakeCluster _cluster = new();
    private readonly List<Proposer> _proposers = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var proposer in _proposers)
        {
            await proposer.StopAsync(CancellationToken.None);
            proposer.Dispose();
        }
    }

    private async Task<Proposer> StartAsync(GatewayOptions? options = null)
    {
        options ??= new GatewayOptions();
        var view = new ClusterView(_cluster, options, TimeProvider.System, NullLogger<ClusterView>.Instance);
        var proposer = new Proposer(_cluster, _cluster, view, options, TimeProvider.System, NullLogger<Proposer>.Instance);
        _proposers.Add(proposer);
        await proposer.StartAsync(CancellationToken.None);
        return proposer;
    }

    private static async Task<CommandResult> PutAsync(Proposer proposer) =>
        await proposer.ProposeAsync(CommandKind.Put, s_put).AsTask().WaitAsync(TimeSpan.FromSeconds(10));

    private static async Task<EtcdError> ErrorOfAsync(Func<Task> action) => (await Assert.ThrowsAsync<RequestFailedException>(action)).Error;

    [Fact]
    public async Task ProposeAsync_Many_SequencesCountUpInOneSession()
    {
        var proposer = await StartAsync();
        for (var i = 0; i < 3; i++)
            await PutAsync(proposer);
        Assert.Equal([1UL, 2UL, 3UL], _cluster.Proposed.Select(envelope => envelope.Sequence));
        Assert.Equal([1UL, 2UL, 3UL], _cluster.Proposed.Select(envelope => envelope.LowestPending));
        Assert.All(_cluster.Proposed, envelope => Assert.Equal(proposer.Session, envelope.Session));
        Assert.NotEqual(0UL, proposer.Session.Value);
    }

    [Fact]
    public async Task ProposeAsync_OutOfOrderPending_LowestIsTheOldest()
    {
        var proposer = await StartAsync();
        _cluster.HoldResults = true;
        var first = PutAsync(proposer);
        var second = PutAsync(proposer);
        _cluster.ReleaseResults();
        await Task.WhenAll(first, second);
        Assert.Equal([1UL, 1UL], _cluster.Proposed.Select(envelope => envelope.LowestPending));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ProposeAsync_StreamOrResultsBroken_GoesAgainUnderTheSameSequence(bool breaksStream)
    {
        var proposer = await StartAsync();
        _cluster.HoldResults = true;
        var puts = Enumerable.Range(0, 20).Select(_ => PutAsync(proposer)).ToList();
        _cluster.HoldResults = false; // The twenty results are lost: only a retry can bring them.
        if (breaksStream)
            _cluster.BreakStream();
        else
            _cluster.BreakResults("replica stops");
        var results = await Task.WhenAll(puts);

        Assert.Equal(Enumerable.Range(1, 20).Select(i => (ulong)i), results.Select(result => result.Sequence));
        Assert.Equal(20, _cluster.Applied);
        Assert.Equal(Enumerable.Range(1, 20).Select(i => (ulong)i), _cluster.Proposed.Skip(20).Select(envelope => envelope.Sequence));
        Assert.Equal(2, _cluster.StreamsOpened);
        // Another leader is nothing to storage: only what broke is opened again beside the stream.
        Assert.Equal(breaksStream ? 1 : 2, _cluster.Subscriptions);
    }

    [Fact]
    public async Task ProposeAsync_ConcurrentWithBreaks_EveryOneAppliedOnce()
    {
        var proposer = await StartAsync();
        var breaking = Task.Run(async () =>
        {
            for (var i = 0; i < 5; i++)
            {
                var opened = _cluster.StreamsOpened;
                _cluster.BreakStream();
                await Wait.UntilAsync(() => _cluster.StreamsOpened > opened);
            }
        });
        var writers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
                await PutAsync(proposer);
        }));
        await Task.WhenAll([breaking, .. writers]);
        Assert.Equal(800, _cluster.Applied);
    }

    [Fact]
    public async Task ProposeAsync_StreamsBreakAgainAndAgain_NeverWaitsLongerThanTheShortBackoff()
    {
        var proposer = await StartAsync();
        await PutAsync(proposer);
        _cluster.DropProposals = true;
        var put = PutAsync(proposer);
        var began = DateTime.UtcNow;
        // Doubling from 10 ms to a second, twenty openings would take a quarter of a minute.
        for (var i = 0; i < 20; i++)
        {
            var opened = _cluster.StreamsOpened;
            _cluster.BreakStream();
            await Wait.UntilAsync(() => _cluster.StreamsOpened > opened);
        }
        Assert.True(DateTime.UtcNow - began < TimeSpan.FromSeconds(6));
        _cluster.DropProposals = false;
        _cluster.BreakStream();
        await put;
        Assert.Equal(2, _cluster.Applied);
    }

    [Fact]
    public async Task ProposeAsync_GivenUpThenProposedByAnOldStream_ItsSequenceIsNeverUsedAgain()
    {
        _cluster.DropProposals = true;
        var proposer = await StartAsync(new GatewayOptions { RequestTimeout = TimeSpan.FromMilliseconds(50) });
        Assert.Equal(EtcdError.WriteDeadline, await ErrorOfAsync(() => PutAsync(proposer)));
        _cluster.DropProposals = false;
        _cluster.BreakStream();
        await Wait.UntilAsync(() => _cluster.StreamsOpened == 2);
        await PutAsync(proposer);
        // The one that was given up did not go again, and the next has a number of its own.
        Assert.Equal([1UL, 2UL], _cluster.Proposed.Select(envelope => envelope.Sequence));
        Assert.Equal(1, _cluster.Applied);
    }

    [Fact]
    public async Task ProposeAsync_NoOutcome_WriteDeadline()
    {
        _cluster.DropProposals = true;
        var proposer = await StartAsync(new GatewayOptions { RequestTimeout = TimeSpan.FromMilliseconds(50) });
        Assert.Equal(EtcdError.WriteDeadline, await ErrorOfAsync(() => PutAsync(proposer)));
        // What was given up is no longer waited for: the state machine may forget it.
        _cluster.DropProposals = false;
        await PutAsync(proposer);
        Assert.Equal(2UL, _cluster.Proposed.Last().LowestPending);
    }

    [Fact]
    public async Task ProposeAsync_TooManyPending_Refused()
    {
        var proposer = await StartAsync(new GatewayOptions { MaxPendingProposals = 2 });
        _cluster.HoldResults = true;
        var pending = new[] { PutAsync(proposer), PutAsync(proposer) };
        Assert.Equal(EtcdError.TooManyRequests, await ErrorOfAsync(() => PutAsync(proposer)));
        _cluster.ReleaseResults();
        await Task.WhenAll(pending);
        await PutAsync(proposer);
    }

    [Fact]
    public async Task ProposeAsync_TooManyBytesPending_Refused()
    {
        var proposer = await StartAsync(new GatewayOptions { MaxPendingBytes = s_put.Length });
        _cluster.HoldResults = true;
        var pending = PutAsync(proposer);
        Assert.Equal(EtcdError.TooManyRequests, await ErrorOfAsync(() => PutAsync(proposer)));
        _cluster.ReleaseResults();
        await pending;
    }

    [Fact]
    public async Task ProposeAsync_TooLarge_Refused()
    {
        var proposer = await StartAsync();
        var large = new byte[1_572_865];
        Assert.Equal(
            EtcdError.RequestTooLarge, await ErrorOfAsync(() => proposer.ProposeAsync(CommandKind.Put, large).AsTask()));
        Assert.Empty(_cluster.Proposed);
    }

    [Fact]
    public async Task StopAsync_Pending_ServerStopped()
    {
        _cluster.DropProposals = true;
        var proposer = await StartAsync();
        var put = PutAsync(proposer);
        await proposer.StopAsync(CancellationToken.None);
        Assert.Equal(EtcdError.ServerStopped, await ErrorOfAsync(() => put));
        Assert.Equal(EtcdError.ServerStopped, await ErrorOfAsync(() => PutAsync(proposer)));
    }
}
