using Consensus.Client;
using Consensus.Contracts;
using Consensus.Tests.Support;
using Grpc.Net.Client;

namespace Consensus.Tests.Client;

/// <summary>A proposal stream whose connection breaks while something is sent is broken then, and does not wait for its reader to notice.</summary>
public sealed class BrokenConnectionTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    [Theory, MemberData(nameof(BrokenWrites.All), MemberType = typeof(BrokenWrites))]
    public async Task Proposal_ConnectionBreaksUnderIt_StreamBrokenAndDisposedWithoutAWord(Func<Exception> words)
    {
        using var channel = GrpcChannel.ForAddress("http://member", new GrpcChannelOptions { HttpHandler = new BrokenWrites(words), DisposeHttpClient = true });
        using var client = new ConsensusClient(channel);
        var stream = client.OpenProposals();
        await stream.ProposeAsync(new Proposal(new byte[] { 1 }, default), default);
        Assert.Equal(ProposalStreamEnd.MemberLost, await stream.Broken.WaitAsync(s_patience));
        await stream.DisposeAsync().AsTask().WaitAsync(s_patience);
    }
}
