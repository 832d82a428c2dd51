using System.Diagnostics;
using System.Net;
using Consensus.Client;
using Consensus.Contracts;
using Consensus.Host.Grpc;
using Consensus.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Consensus.Tests.Client;

/// <summary>Messages that take longer than a stream may be silent: they arrive, and a member that stops in the midst of one is noticed all the same.</summary>
public sealed class SlowLinkTests : IAsyncLifetime, IDisposable
{
    // Nearly three times as long on its way as silence may last.
    private const int LargeBytes = 8 * 1024 * 1024;
    private const int BytesPerSecond = 6_000_000;

    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(20));
    private readonly ScriptedConsensus _member = new(1);
    private WebApplication _app = null!;
    private SlowLink _link = null!;
    private ConsensusClient _client = null!;
    private long _carriedBefore;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(grpc => { grpc.MaxReceiveMessageSize = null; grpc.MaxSendMessageSize = null; });
        builder.Services.AddSingleton<IConsensus>(_member);
        _app = builder.Build();
        _app.MapGrpcService<ConsensusGrpcService>();
        await _app.StartAsync();
        _link = new SlowLink(new Uri(_app.Urls.First()).Port, BytesPerSecond);
        _client = ConsensusClient.Connect(_link.Url);
        await WarmAsync();
    }

    // What is compiled at first use may take longer than silence may last.
    private async Task WarmAsync()
    {
        await _client.GetStatusAsync(_deadline.Token);
        while (true)
        {
            try
            {
                await FirstBatchAsync();
                break;
            }
            catch (LogUnavailableException)
            {
                // Once more.
            }
        }
        _member.Asked.Clear();
        _carriedBefore = _link.Carried;
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _link.DisposeAsync();
        await _app.DisposeAsync();
    }

    public void Dispose() => _deadline.Dispose();

    [Fact]
    public async Task Tail_LargeEntry_ArrivesAndIsSentOnce()
    {
        _member.Command = new byte[LargeBytes];
        var batch = await FirstBatchAsync();
        Assert.Equal(LargeBytes, batch.Entries.Single().Data.Length);
        Assert.Single(_member.Asked, "tail");
        Assert.InRange(_link.Carried - _carriedBefore, LargeBytes, LargeBytes + (64 * 1024));
    }

    [Fact]
    public async Task Tail_MemberStopsInTheMidstOfAnEntry_GivenUpSoon()
    {
        _member.Command = new byte[LargeBytes];
        _link.FreezeAfter(LargeBytes / 2);
        var batch = FirstBatchAsync();
        await _link.Frozen.WaitAsync(_deadline.Token);
        var began = Stopwatch.GetTimestamp();
        await Assert.ThrowsAsync<LogUnavailableException>(() => batch);
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Proposals_BesideALargeEntryOnTheSameConnection_StayOpen()
    {
        _member.Command = new byte[LargeBytes];
        await using var stream = _client.OpenProposals();
        await FirstBatchAsync();
        Assert.False(stream.Broken.IsCompleted);
        await stream.ProposeAsync(new Proposal(new byte[1], default), _deadline.Token);
        await _member.Proposed.WaitAsync(_deadline.Token);
        Assert.False(stream.Broken.IsCompleted);
    }

    [Fact]
    public async Task Proposals_LargeCommand_ArrivesAndTheStreamStaysOpen()
    {
        await using var stream = _client.OpenProposals();
        await stream.ProposeAsync(new Proposal(new byte[LargeBytes], default), _deadline.Token);
        await _member.Proposed.WaitAsync(_deadline.Token);
        Assert.False(stream.Broken.IsCompleted);
    }

    [Fact]
    public async Task Proposals_MemberStopsInTheMidstOfAnEntryOnTheSameConnection_BrokenSoon()
    {
        _member.Command = new byte[LargeBytes];
        await using var stream = _client.OpenProposals();
        _link.FreezeAfter(LargeBytes / 2);
        var batch = FirstBatchAsync();
        await _link.Frozen.WaitAsync(_deadline.Token);
        var began = Stopwatch.GetTimestamp();
        Assert.Equal(ProposalStreamEnd.MemberLost, await stream.Broken.WaitAsync(_deadline.Token));
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5));
        await Assert.ThrowsAsync<LogUnavailableException>(() => batch);
    }

    private async Task<CommittedBatch> FirstBatchAsync()
    {
        await foreach (var batch in _client.TailAsync(new LogIndex(1), _deadline.Token))
            return batch;
        throw new InvalidOperationException("the tail ended");
    }
}
