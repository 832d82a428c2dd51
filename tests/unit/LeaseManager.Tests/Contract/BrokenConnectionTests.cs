using Consensus.Tests.Support;
using Grpc.Net.Client;
using LeaseManager.Client;
using LeaseManager.Contracts;

namespace LeaseManager.Tests.Contract;

/// <summary>A connection that breaks while something is sent over it is a manager that is not active, and nothing else to anyone.</summary>
public sealed class BrokenConnectionTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    [Theory, MemberData(nameof(BrokenWrites.All), MemberType = typeof(BrokenWrites))]
    public async Task KeepAlive_ConnectionBreaksUnderIt_NotActiveAndDisposedWithoutAWord(Func<Exception> words)
    {
        var channel = GrpcChannel.ForAddress("http://manager", new GrpcChannelOptions { HttpHandler = new BrokenWrites(words), DisposeHttpClient = true });
        var client = new LeaseManagerClient(channel);
        await Assert.ThrowsAsync<LeaseManagerNotActiveException>(() => client.KeepAliveAsync(7, default, default).AsTask().WaitAsync(s_patience));
        // Whoever looks for the active one disposes of the others on its way.
        await client.DisposeAsync().AsTask().WaitAsync(s_patience);
    }

    [Fact]
    public async Task AllCalls_Disposed_NotActive()
    {
        var client = new LeaseManagerClient("http://127.0.0.1:1");
        await client.DisposeAsync();
        await Assert.ThrowsAsync<LeaseManagerNotActiveException>(() => client.KeepAliveAsync(7, default, default).AsTask());
        await Assert.ThrowsAsync<LeaseManagerNotActiveException>(() => client.TimeToLiveAsync(7, default, default).AsTask());
        await Assert.ThrowsAsync<LeaseManagerNotActiveException>(() => client.ListAsync(default, default).AsTask());
    }
}
