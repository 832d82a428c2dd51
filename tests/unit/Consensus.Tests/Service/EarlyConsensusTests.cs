using Consensus.Contracts;
using Consensus.Host;
using Consensus.Host.Identity;
using Consensus.Host.Service;
using Consensus.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Consensus.Tests.Service;

public sealed class EarlyConsensusTests : IDisposable
{
    private readonly TempDirectory _temp = new();
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(20));

    private ConsensusOptions Options => new() { DataDirectory = _temp["data"], SegmentBytes = 64 * 1024 };

    public void Dispose()
    {
        _deadline.Dispose();
        _temp.Dispose();
    }

    [Fact]
    public async Task Take_IsTheMember_AndTheTakersFromThenOn()
    {
        ConsensusService member;
        using (var early = Begin())
        {
            member = early.Take(static () => { });
            Assert.Throws<InvalidOperationException>(() => early.Take(static () => { }));
        }
        await using (member)
            Assert.Equal(member.Self, (await member.GetStatusAsync(new LogIndex(2), _deadline.Token)).Leader);
    }

    [Fact]
    public async Task Take_OfAStartThatFailed_FailsAsThat()
    {
        await using var other = await ConsensusService.StartAsync(Options);
        using var early = Begin();
        Assert.Throws<DataDirectoryException>(() => early.Take(static () => { }));
    }

    [Fact]
    public async Task Dispose_Untaken_ClosesTheLog()
    {
        var early = Begin();
        early.Dispose();
        await early.Closed.WaitAsync(_deadline.Token);
        Assert.Throws<InvalidOperationException>(() => early.Take(static () => { }));
        // Which takes the lock of the same directory.
        await using var next = await ConsensusService.StartAsync(Options);
    }

    private EarlyConsensus Begin() => EarlyConsensus.Begin(Options, NullLogger<ConsensusService>.Instance);
}
