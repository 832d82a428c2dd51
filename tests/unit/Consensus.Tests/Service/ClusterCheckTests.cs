using Consensus.Contracts;
using Consensus.Host.Peers;
using Consensus.Host.Peers.Wire;
using Consensus.Tests.Support;
using Grpc.Core;
using Grpc.Net.Client;
using Hosting.Clients;

namespace Consensus.Tests.Service;

/// <summary>
/// Goal: what one member asks of another is never taken by a member of another cluster that has its address by now. Method: calls to a member over a real connection,
/// with and without a cluster's id.
/// </summary>
public sealed class ClusterCheckTests : IAsyncLifetime, IDisposable
{
    private readonly TempDirectory _temp = new();
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(30));
    private TestMember _member = null!;

    public async Task InitializeAsync()
    {
        _member = await TestMember.OpenAsync("a", _temp["a"]);
        await _member.StartAsync([_member]);
        await _member.UntilAsync(static status => status.Leader != default && status.Members[0].Name.Length > 0, _deadline.Token);
    }

    public async Task DisposeAsync() => await _member.DisposeAsync();

    public void Dispose()
    {
        _deadline.Dispose();
        _temp.Dispose();
    }

    [Fact]
    public async Task Call_OfAnotherCluster_RefusedAndNothingIsTaken()
    {
        var before = _member.Service.Status.CommitIndex;
        using var channel = ChannelFactory.CreateForPeer(_member.Url, cluster: "feed");
        using var call = await ForwardAsync(channel);
        var refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(new Status(StatusCode.FailedPrecondition, "cluster ID mismatch"), refused.Status);
        Assert.Equal(before, _member.Service.Status.CommitIndex);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Call_OfTheSameClusterOrOfNone_IsTaken(bool saysCluster)
    {
        using var channel = ChannelFactory.CreateForPeer(_member.Url, cluster: saysCluster ? _member.Service.Cluster.ToString() : null);
        using var call = await ForwardAsync(channel);
        await foreach (var batch in _member.Service.TailAsync(new LogIndex(1), _deadline.Token))
        {
            if (batch.Entries.Any(static entry => entry.Data.Span.SequenceEqual("x"u8)))
                break;
        }
    }

    [Fact]
    public async Task Get_OfAnotherCluster_PreconditionFailed()
    {
        using var http = new HttpClient { DefaultRequestVersion = new Version(2, 0), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{_member.Url}/members") { Version = new Version(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Add(ClusterMark.Header, "feed");
        using var answer = await http.SendAsync(request, _deadline.Token);
        Assert.Equal(System.Net.HttpStatusCode.PreconditionFailed, answer.StatusCode);
    }

    private async Task<AsyncClientStreamingCall<ForwardBatch, ForwardEnd>> ForwardAsync(GrpcChannel channel)
    {
        var call = new ConsensusPeer.ConsensusPeerClient(channel).Forward(cancellationToken: _deadline.Token);
        var batch = new ForwardBatch();
        batch.Commands.Add(PeerWire.ToWire(new Proposal("x"u8.ToArray(), default)));
        try
        {
            await call.RequestStream.WriteAsync(batch, _deadline.Token);
        }
        catch (Exception exception) when (exception is RpcException or InvalidOperationException)
        {
            // The refusal came first; the answer says it.
        }
        return call;
    }
}
