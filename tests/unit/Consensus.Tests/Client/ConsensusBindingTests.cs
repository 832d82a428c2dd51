using System.Net;
using Consensus.Client;
using Consensus.Client.Beats;
using Consensus.Client.Replicated;
using Consensus.Client.Wire;
using Consensus.Contracts;
using Consensus.Host.Grpc;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Consensus.Tests.Client;

/// <summary>The gRPC binding around a scripted member: calls, errors, beats and what silence means.</summary>
#pragma warning disable CA1001 // The test runner disposes through IAsyncLifetime.
public sealed class ConsensusBindingTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(20));
    private readonly ScriptedConsensus _member = new(1);
    private WebApplication _app = null!;
    private ConsensusClient _client = null!;

    public async Task InitializeAsync() => (_app, _client) = await ServeAsync<ConsensusGrpcService>(_member);

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        _deadline.Dispose();
    }

    private static async Task<(WebApplication App, ConsensusClient Client)> ServeAsync<TService>(IConsensus consensus, Holds? holds = null)
        where TService : class
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(consensus);
        var app = builder.Build();
        if (holds is not null)
        {
            app.Use(async (context, next) =>
            {
                holds.Began.TrySetResult(context.Request.Path);
                await next(context);
                holds.Ended.TrySetResult();
            });
        }
        app.MapGrpcService<TService>();
        await app.StartAsync();
        return (app, ConsensusClient.Connect(app.Urls.First()));
    }

    [Fact]
    public async Task ConnectToSeveral_HoldsACallAtEach_UntilItStops()
    {
        var holds = new List<Holds>();
        var apps = new List<WebApplication>();
        for (var n = 0; n < 2; n++)
        {
            holds.Add(new Holds());
            var (app, own) = await ServeAsync<ConsensusGrpcService>(_member, holds[n]);
            own.Dispose();
            apps.Add(app);
        }
        var channels = new List<GrpcChannel>();
        ConsensusMembers.Connect(string.Join(',', apps.Select(static app => app.Urls.First())), address =>
        {
            channels.Add(GrpcChannel.ForAddress(address));
            return channels[^1];
        });
        foreach (var held in holds)
            Assert.EndsWith("/Hold", await held.Began.Task.WaitAsync(_deadline.Token), StringComparison.Ordinal);
        Assert.All(holds, static held => Assert.False(held.Ended.Task.IsCompleted));

        // Nobody who stops waits for it.
        await apps[0].StopAsync(_deadline.Token);
        await holds[0].Ended.Task.WaitAsync(_deadline.Token);
        Assert.False(holds[1].Ended.Task.IsCompleted);
        foreach (var channel in channels)
            channel.Dispose();
        await holds[1].Ended.Task.WaitAsync(_deadline.Token);
        foreach (var app in apps)
            await app.DisposeAsync();
    }

    private sealed class Holds
    {
        public TaskCompletionSource<string> Began { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    [Fact]
    public async Task GetStatusAt_Travels()
    {
        var status = await _client.GetStatusAsync(new LogIndex(42), _deadline.Token);
        Assert.Equal((42UL, 1UL, 3UL), (status.CommitIndex.Value, status.Self.Value, status.Term.Value));
        Assert.Equal(["status at"], _member.Asked);
        await _client.GetStatusAsync(_deadline.Token);
        Assert.Equal("status", _member.Asked.Last());
    }

    [Fact]
    public async Task ChangeMembership_AllFields_Travel()
    {
        var change = new MembershipChange(0xfedcba9876543210, MembershipChangeKind.Publish, new(5)) { Name = "n", PeerUrls = ["p"], ClientUrls = ["c", "d"] };
        var result = await _client.ChangeMembershipAsync(change, _deadline.Token);
        Assert.Equal((MembershipError.PeerUrlExists, 4UL), (result.Error, result.Term.Value));
        Assert.Equal(("name", true), (result.Members[0].Name, result.Members[0].IsLearner));
        var arrived = Assert.Single(_member.Changes);
        Assert.Equal((change.Id, change.Kind, change.Member, "n"), (arrived.Id, arrived.Kind, arrived.Member, arrived.Name));
        Assert.Equal(["p"], arrived.PeerUrls);
        Assert.Equal(["c", "d"], arrived.ClientUrls);
    }

    [Fact]
    public async Task TransferLeadership_Outcome_Travels()
    {
        Assert.Equal(TransferOutcome.BadTarget, await _client.TransferLeadershipAsync(new(0xab), _deadline.Token));
        Assert.Equal(["transfer ab"], _member.Asked);
    }

    [Fact]
    public async Task Calls_Refused_ExceptionsOfTheContract()
    {
        var change = new MembershipChange(1, MembershipChangeKind.Remove, new(5));
        _member.Behaviour = Behaviour.Leaderless;
        await Assert.ThrowsAsync<NoLeaderException>(async () => await _client.ChangeMembershipAsync(change, _deadline.Token));
        await Assert.ThrowsAsync<NoLeaderException>(async () => await _client.ReadIndexAsync(_deadline.Token));
        _member.Behaviour = Behaviour.Gone;
        await Assert.ThrowsAsync<LogUnavailableException>(async () => await _client.ChangeMembershipAsync(change, _deadline.Token));
        await Assert.ThrowsAsync<LogUnavailableException>(async () => await _client.TransferLeadershipAsync(new(1), _deadline.Token));
        await Assert.ThrowsAsync<LogUnavailableException>(async () => await _client.GetStatusAsync(new LogIndex(1), _deadline.Token));
    }

    [Fact]
    public async Task IdleStreams_MemberBeats_StayOpenAndShowNothing()
    {
        await using var stream = _client.OpenProposals();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_deadline.Token);
        await using var tail = _client.TailAsync(new LogIndex(4), ending.Token).GetAsyncEnumerator(ending.Token);
        Assert.True(await tail.MoveNextAsync());
        var next = tail.MoveNextAsync().AsTask();
        // A beat asks for the status once: twenty of them are four times what silence may last.
        while (_member.Asked.Count(call => call == "status") < 4 * BeatTiming.Missed)
            await Task.Delay(10, _deadline.Token);
        Assert.False(next.IsCompleted);
        Assert.False(stream.Broken.IsCompleted);
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
    }

    [Theory]
    [InlineData(ProposalStreamEnd.MemberServes)]
    [InlineData(ProposalStreamEnd.MemberLost)]
    public async Task Proposals_MemberBreaksTheStream_ItsReasonTravels(ProposalStreamEnd end)
    {
        await using var stream = _client.OpenProposals();
        while (_member.LastStream is null)
            await Task.Delay(1, _deadline.Token);
        _member.LastStream.Break(end);
        Assert.Equal(end, await stream.Broken.WaitAsync(_deadline.Token));
    }

    [Fact]
    public async Task Proposals_MemberFrozen_BrokenSoon()
    {
        await using var stream = _client.OpenProposals();
        while (_member.Asked.IsEmpty)
            await Task.Delay(1, _deadline.Token);
        _member.Behaviour = Behaviour.Frozen;
        var began = DateTime.UtcNow;
        Assert.Equal(ProposalStreamEnd.MemberLost, await stream.Broken.WaitAsync(_deadline.Token));
        Assert.True(DateTime.UtcNow - began < TimeSpan.FromSeconds(5));
        await Assert.ThrowsAsync<ProposalStreamBrokenException>(async () => await stream.ProposeAsync(default, _deadline.Token));
    }

    [Fact]
    public async Task Proposals_ClosedWhileTheMemberHoldsOneBack_EndAtOnceAndSayNothingAgainstIt()
    {
        _member.Behaviour = Behaviour.HoldsBack;
        var stream = _client.OpenProposals();
        await stream.ProposeAsync(new Proposal(new byte[] { 1 }, default), _deadline.Token);
        await _member.Proposed.WaitAsync(_deadline.Token);
        await stream.DisposeAsync().AsTask().WaitAsync(_deadline.Token);
        Assert.Equal(ProposalStreamEnd.MemberServes, await stream.Broken);
    }

    [Fact]
    public async Task Proposals_MemberWithoutLeader_BrokenAfterAWhile()
    {
        _member.Leader = 0;
        await using var stream = _client.OpenProposals();
        Assert.Equal(ProposalStreamEnd.MemberLost, await stream.Broken.WaitAsync(_deadline.Token));
        Assert.True(_member.Asked.Count >= BeatTiming.Leaderless);
    }

    [Fact]
    public async Task AllStreams_MemberNeverSpeaks_GivenUp()
    {
        var (app, client) = await ServeAsync<SilentMember>(_member);
        await using var stream = client.OpenProposals();
        await using var tail = client.TailAsync(new LogIndex(1), _deadline.Token).GetAsyncEnumerator(_deadline.Token);
        await Assert.ThrowsAsync<LogUnavailableException>(async () => await tail.MoveNextAsync());
        await stream.Broken.WaitAsync(_deadline.Token);
        await Assert.ThrowsAsync<NoLeaderException>(async () => await client.ReadIndexAsync(_deadline.Token));
        client.Dispose();
        await app.DisposeAsync();
    }

    /// <summary>Takes calls as the kernel does for a stopped process, and says nothing.</summary>
    private sealed class SilentMember : ConsensusLog.ConsensusLogBase
    {
        public override Task Propose(IAsyncStreamReader<ProposeBatch> requestStream, IServerStreamWriter<ProposeBeat> responseStream, ServerCallContext context) =>
            Task.Delay(Timeout.Infinite, context.CancellationToken);

        public override Task Tail(TailRequest request, IServerStreamWriter<TailBatch> responseStream, ServerCallContext context) =>
            Task.Delay(Timeout.Infinite, context.CancellationToken);

        public override async Task<ReadIndexReply> GetReadIndex(ReadIndexRequest request, ServerCallContext context)
        {
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return new ReadIndexReply();
        }
    }
}
