using Consensus.Tests.Support;
using Grpc.Core;
using Grpc.Net.Client;
using Storage.Client;
using Storage.Contracts.Auth;

namespace Storage.Tests.Client;

/// <summary>A read whose connection breaks while it is sent fails then, and does not wait for the stream's reader to notice.</summary>
public sealed class BrokenConnectionTests
{
    [Theory, MemberData(nameof(BrokenWrites.All), MemberType = typeof(BrokenWrites))]
    public async Task Read_ConnectionBreaksUnderIt_Unavailable(Func<Exception> words)
    {
        using var channel = GrpcChannel.ForAddress("http://replica", new GrpcChannelOptions { HttpHandler = new BrokenWrites(words), DisposeHttpClient = true });
        using var client = new StorageClient(channel);
        var lost = await Assert.ThrowsAsync<RpcException>(() => client.RangeAsync(new byte[] { 1 }, default, Caller.Internal, default).AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(StatusCode.Unavailable, lost.StatusCode);
    }
}
