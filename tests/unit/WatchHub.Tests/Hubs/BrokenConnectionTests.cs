using Consensus.Tests.Support;
using Grpc.Net.Client;
using Storage.Contracts;
using WatchHub.Client.Sessions;
using WatchHub.Contracts;
using Rpc = WatchHub.Client.Wire.WatchHub;

namespace WatchHub.Tests.Hubs;

/// <summary>A session whose connection breaks while something is sent ends, and its reader goes on elsewhere: nobody hears of the connection.</summary>
public sealed class BrokenConnectionTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    [Theory, MemberData(nameof(BrokenWrites.All), MemberType = typeof(BrokenWrites))]
    public async Task Create_ConnectionBreaksUnderIt_SessionEndsAndIsDisposedWithoutAWord(Func<Exception> words)
    {
        using var channel = GrpcChannel.ForAddress("http://hub", new GrpcChannelOptions { HttpHandler = new BrokenWrites(words), DisposeHttpClient = true });
        var session = new WatchHubClientSession(new Rpc.WatchHubClient(channel).Session(), static (_, _) => { });
        session.Start();
        session.Create(new WatchSpec(1, KeySpace.V3, "a"u8.ToArray(), default, 0, 0, false, false, false, false, false));
        Assert.False(await session.WaitToReadAsync(default).AsTask().WaitAsync(s_patience));
        await session.DisposeAsync().AsTask().WaitAsync(s_patience);
    }
}
