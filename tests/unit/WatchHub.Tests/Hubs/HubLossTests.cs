using Grpc.Net.Client;
using Storage.Contracts;
using WatchHub.Client;
using WatchHub.Contracts;
using WatchHub.Host;
using WatchHub.Tests.Fakes;
using static WatchHub.Tests.Fakes.Feeds;

namespace WatchHub.Tests.Hubs;

/// <summary>
/// Goal: a hub that is of no use is left in bounded time, and a session that nobody reads costs little. Method: hubs over gRPC behind relays, each with a storage of its own.
/// </summary>
[Collection(MeasuringMemory.Name)]
#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime.
public sealed class HubLossTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private static readonly WatchHubOptions s_hub = new() { CutOffAfter = TimeSpan.FromMilliseconds(200), DrainLimit = TimeSpan.FromMilliseconds(300) };
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(60));
    private readonly List<(HubServer Server, FakeStorage Storage)> _hubs = [];
    private WatchHubClient _client = null!;

    private CancellationToken Soon => _deadline.Token;

    public Task InitializeAsync()
    {
        _client = new WatchHubClient(
            _ => new([.. _hubs.Select(static hub => hub.Server.Address)]), GrpcChannel.ForAddress,
            new WatchHubClientOptions { DiscoveryInterval = TimeSpan.FromMilliseconds(20), EvenOutPerSecond = 0 });
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        foreach (var (server, _) in _hubs)
            await server.DisposeAsync();
        _deadline.Dispose();
    }

    [Fact]
    public async Task Session_HubHearsNothingFromStorage_IsToldToLeave()
    {
        await AddHubAsync();
        await using var session = await OpenAsync();
        await AddHubAsync();
        _hubs[0].Storage.IsAway = true;
        _hubs[0].Storage.BreakFeeds();
        Assert.Equal(WatchMessageKind.Leave, (await NextAsync(session)).Kind);
        // The next goes to the one that hears.
        await using var next = await OpenAsync();
        _hubs[1].Storage.Append(KeySpace.V3, static revision => Revision(revision, Put("a", revision)));
        Assert.Equal(["2:a"], Read(await NextAsync(next)));
    }

    [Fact]
    public async Task Session_NoHubHearsFromStorage_StaysAndHearsOnceThereIsOne()
    {
        await AddHubAsync();
        await AddHubAsync();
        await using var session = await OpenAsync();
        foreach (var (_, storage) in _hubs)
        {
            storage.IsAway = true;
            storage.BreakFeeds();
        }
        await using var late = await OpenAsync();
        foreach (var (_, storage) in _hubs)
        {
            storage.Append(KeySpace.V3, static revision => Revision(revision, Put("a", revision)));
            storage.IsAway = false;
        }
        Assert.Equal(["2:a"], Read(await NextEventsAsync(session)));
        Assert.Equal(["2:a"], Read(await NextEventsAsync(late)));
    }

    [Fact]
    public async Task Session_HubFreezes_EndsAndTheNextGoesElsewhere()
    {
        await AddHubAsync();
        await using var session = await OpenAsync();
        await AddHubAsync();
        _hubs[0].Server.Freeze();
        while (await session.WaitToReadAsync(Soon))
            session.TryRead(out _);
        await using var next = await OpenAsync();
        Assert.Equal((0, 1), (_client.Spread()[_hubs[0].Server.Address], _client.Spread()[_hubs[1].Server.Address]));
    }

    /// <summary>What is on its way is bounded in bytes too, or keys of a megabyte each would be kept by the thousand.</summary>
    [Fact]
    public async Task Session_HubTakesNoRequests_HasRoomForFewBytesAndLetsItsCallerWait()
    {
        const int KeyBytes = 64 * 1024;
        await AddHubAsync();
        await using var session = await OpenAsync();
        _hubs[0].Server.Freeze();
        var given = 0;
        while (session.HasRoom && given < 1000)
            session.Create(Watch(++given + 1, new string('k', KeyBytes)));
        // Its bound, and what the connection takes before flow control stops it.
        Assert.InRange((long)given * KeyBytes, 1024 * 1024, 8 * 1024 * 1024);
        var waiting = session.WaitForRoomAsync(Soon).AsTask();
        Assert.False(waiting.IsCompleted);
        _hubs[0].Server.Cut();
        await waiting;
    }

    /// <summary>Where would it go? It delivers until the end.</summary>
    [Fact]
    public async Task Session_OnlyHubStops_EndsWithoutBeingToldToLeave()
    {
        await AddHubAsync();
        await using var session = await OpenAsync();
        var stopping = _hubs[0].Server.StopAsync();
        _hubs[0].Storage.Append(KeySpace.V3, static revision => Revision(revision, Put("a", revision)));
        Assert.Equal(["2:a"], Read(await NextAsync(session)));
        Assert.False(await session.WaitToReadAsync(Soon));
        await stopping.WaitAsync(Soon);
    }

    /// <summary>What is not read stays neither in the hub nor at its client nor on the way, but in storage; and comes whole once it is read.</summary>
    [Fact]
    public async Task Session_NeverRead_CostsLittleAndLosesNothing()
    {
        const int Slow = 8;
        const int Writes = 300;
        const int ValueBytes = 200_000;
        await AddHubAsync();
        var sessions = new List<IWatchSession>();
        for (var n = 0; n < Slow; n++)
            sessions.Add(await OpenAsync());
        await using var quick = await OpenAsync();
        var large = Put("a", 0, new string('v', ValueBytes));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var n = 0; n < Writes; n++)
        {
            // The storage of the test holds one event of that size, and refers to it from everywhere.
            _hubs[0].Storage.Append(KeySpace.V3, revision => Revision(revision, large));
            Assert.Equal(n + 2, (await NextAsync(quick)).LastRevision);
        }
        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Slow;
        // The room of a session in the hub, a batch on its way, a window, and what the client takes before it waits: less than two million. It was sent sixty.
        Assert.InRange(each, 0, 4_000_000);
        foreach (var session in sessions)
        {
            long last = 1, events = 0;
            while (last < Writes + 1)
            {
                var message = await NextAsync(session);
                Assert.True(message.LastRevision > last);
                events += message.Events.Length / ValueBytes;
                last = message.LastRevision;
            }
            Assert.Equal(Writes, events);
            await session.DisposeAsync();
        }
    }

    private async Task AddHubAsync()
    {
        var storage = new FakeStorage();
        var server = await HubServer.StartAsync(storage, s_hub);
        _hubs.Add((server, storage));
        while (!_client.IsGood(server.Address))
            await Task.Delay(10, Soon);
    }

    private async Task<IWatchSession> OpenAsync()
    {
        var session = await _client.OpenSessionAsync(Soon);
        session.Create(Watch(1, "a"));
        Assert.Equal(WatchMessageKind.Created, (await NextAsync(session)).Kind);
        return session;
    }

    private async Task<WatchMessage> NextEventsAsync(IWatchSession session)
    {
        WatchMessage message;
        do
            message = await NextAsync(session);
        while (message.Kind != WatchMessageKind.Events);
        return message;
    }

    private async Task<WatchMessage> NextAsync(IWatchSession session)
    {
        WatchMessage message;
        while (!session.TryRead(out message))
            Assert.True(await session.WaitToReadAsync(Soon), "the session ended");
        return message;
    }
}
