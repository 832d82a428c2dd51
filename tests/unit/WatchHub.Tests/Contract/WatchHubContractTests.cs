using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using WatchHub.Client;
using WatchHub.Contracts;
using WatchHub.Core;
using WatchHub.Host;
using WatchHub.Tests.Fakes;
using static WatchHub.Tests.Fakes.Feeds;

namespace WatchHub.Tests.Contract;

/// <summary>What <see cref="IWatchHub"/> promises, over any binding: the hub runs in a host on a free loopback port.</summary>
public abstract class WatchHubContractTests : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private readonly FakeStorage _storage = new();
    private WebApplication _app = null!;
    private IWatchHub _hub = null!;

    protected abstract IWatchHub Bind(WebApplication app, string address);

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<IStorage>(_storage);
        builder.Services.AddSingleton(new WatchHubOptions
        {
            Limits = new HubLimits { SessionMessages = 64, WindowBytes = 20_000 },
            // The only hub: nobody can leave it.
            DrainLimit = TimeSpan.FromMilliseconds(100),
        });
        builder.Services.AddWatchHub(builder.Configuration);
        _app = builder.Build();
        _app.MapWatchHub();
        await _app.StartAsync();
        _hub = Bind(_app, _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public async Task DisposeAsync()
    {
        (_hub as WatchHubClient)?.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Create_ThenWrite_CreatedThenEvents()
    {
        await using var session = await OpenAsync();
        session.Create(Watch(5, "a"));
        Assert.Equal((5L, WatchMessageKind.Created, 1L), Shape(await NextAsync(session)));
        Put("a");
        var message = await NextAsync(session);
        Assert.Equal((5L, WatchMessageKind.Events, 2L), Shape(message));
        Assert.Equal(["2:a"], Read(message));
        Assert.Equal(Term, message.Term);
    }

    [Fact]
    public async Task Create_ManyWatchesOfOneKey_EachHearsOnce()
    {
        await using var session = await OpenAsync();
        for (var id = 0; id < 50; id++)
            session.Create(Watch(id, "a"));
        await TakeAsync(session, 50);
        Put("a");
        var messages = await TakeAsync(session, 50);
        Assert.Equal(Enumerable.Range(0, 50).Select(id => (long)id), messages.Select(one => one.WatchId).Order());
        Assert.All(messages, one => Assert.Equal(["2:a"], Read(one)));
    }

    /// <summary>As a stream does whose session has moved. More than there is room for, and more than may be on their way anywhere.</summary>
    [Fact]
    public async Task Create_AllWatchesOfALargeStreamAtOnce_SessionStandsAndEachIsCreated()
    {
        const int Watches = 70_000;
        await using var session = await OpenAsync();
        for (var id = 0; id < Watches; id++)
            session.Create(Watch(id, "a"));
        var created = await TakeAsync(session, Watches);
        Assert.All(created, static one => Assert.Equal(WatchMessageKind.Created, one.Kind));
        Assert.Equal(Watches, created.Select(static one => one.WatchId).Distinct().Count());
        await session.WaitForRoomAsync(default).AsTask().WaitAsync(Deadline);
        Assert.True(session.HasRoom);
    }

    [Fact]
    public async Task Cancel_LiveWatch_CanceledAndQuiet()
    {
        await using var session = await OpenAsync();
        session.Create(Watch(1, "a"));
        session.Create(Watch(2, "a"));
        session.Cancel(1);
        await TakeAsync(session, 3);
        Put("a");
        Assert.Equal(2, (await NextAsync(session)).WatchId);
    }

    [Fact]
    public async Task Create_BelowCompaction_CreatedThenCanceledWithCompactRevision()
    {
        for (var n = 0; n < 10; n++)
            Put("a");
        _storage.Compact(8);
        await using var session = await OpenAsync();
        // Until the hub has heard of the compaction, its window still answers: ask again.
        WatchMessage second;
        var id = 0L;
        do
        {
            session.Create(Watch(++id, "a", start: 3));
            Assert.Equal((id, WatchMessageKind.Created), ((await NextAsync(session)) is var created ? (created.WatchId, created.Kind) : default));
            second = await NextAsync(session);
            if (second.Kind == WatchMessageKind.Events)
            {
                session.Cancel(id);
                while ((await NextAsync(session)).Kind != WatchMessageKind.Canceled)
                    continue;
            }
        }
        while (second.Kind == WatchMessageKind.Events);
        Assert.Equal((id, WatchMessageKind.Canceled, 8L), (second.WatchId, second.Kind, second.CompactRevision));
    }

    [Fact]
    public async Task RequestProgress_AfterEvents_ComesBehindThem()
    {
        for (var n = 0; n < 5; n++)
            Put("a");
        await using var session = await OpenAsync();
        session.Create(Watch(1, "a", start: 2));
        session.RequestProgress();
        var heard = new List<string>();
        WatchMessage message;
        while ((message = await NextAsync(session)).Kind != WatchMessageKind.Progress)
            if (message.Kind == WatchMessageKind.Events)
                heard.AddRange(Read(message));
        Assert.Equal(-1, message.WatchId);
        Assert.Equal(Enumerable.Range(2, (int)message.Revision - 1).Select(revision => $"{revision}:a"), heard);
    }

    [Fact]
    public async Task Feed_BreaksAgainAndAgain_NoGapNoRepeat()
    {
        await using var session = await OpenAsync();
        session.Create(Watch(1, "a"));
        await NextAsync(session);
        var heard = new List<string>();
        for (var n = 0; n < 20; n++)
        {
            Put("a");
            _storage.BreakFeeds();
            Put("a");
        }
        while (heard.Count < 40)
            heard.AddRange(Read(await NextAsync(session)));
        Assert.Equal(Enumerable.Range(2, 40).Select(revision => $"{revision}:a"), heard);
    }

    [Fact]
    public async Task Session_SlowReader_OthersGoOnAndItCatchesUp()
    {
        await using var slow = await OpenAsync();
        await using var quick = await OpenAsync();
        slow.Create(Watch(1, "a"));
        quick.Create(Watch(1, "a"));
        await NextAsync(slow);
        await NextAsync(quick);
        const int Writes = 500;
        for (var n = 0; n < Writes; n++)
        {
            Put("a");
            if (n % 50 == 49)
                while (Last(await NextAsync(quick)) < n + 2)
                    continue;
        }
        var heard = new List<string>();
        while (heard.Count < Writes)
            heard.AddRange(Read(await NextAsync(slow)));
        Assert.Equal(Enumerable.Range(2, Writes).Select(revision => $"{revision}:a"), heard);
    }

    [Fact]
    public async Task Create_V2_HearsItsPath()
    {
        await using var session = await OpenAsync();
        session.Create(Watch(1, "/a", "\0", space: KeySpace.V2));
        Assert.Equal(0, (await NextAsync(session)).Revision);
        _storage.Append(KeySpace.V2, index => Revision(index, V2("/a/b", index)));
        var message = await NextAsync(session);
        Assert.Equal("1:/a/b", System.Text.Encoding.UTF8.GetString(message.Events.Span));
    }

    [Fact]
    public async Task Apply_SampledRevision_MessageCarriesTheFanOutSpan()
    {
        var spans = new System.Collections.Concurrent.ConcurrentBag<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Distributed.WatchHub",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        await using var session = await OpenAsync();
        session.Create(Watch(1, "a"));
        await NextAsync(session);
        var parent = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        _storage.Append(KeySpace.V3, revision => Revision(revision, Feeds.Put("a", revision)) with { Trace = parent });
        var message = await NextAsync(session);
        var span = spans.Single(one => one.TraceId == parent.TraceId);
        Assert.Equal(("watch.fanout", parent.SpanId), (span.OperationName, span.ParentSpanId));
        Assert.Equal((span.TraceId, span.SpanId), (message.Trace.TraceId, message.Trace.SpanId));
    }

    [Fact]
    public async Task Session_HubStops_ReaderSeesTheEnd()
    {
        await using var session = await OpenAsync();
        session.Create(Watch(1, "a"));
        await NextAsync(session);
        await _app.StopAsync();
        using var deadline = new CancellationTokenSource(Deadline);
        Assert.False(await session.WaitToReadAsync(deadline.Token));
    }

    private static long Last(WatchMessage message) => message.LastRevision;

    private static (long, WatchMessageKind, long) Shape(WatchMessage message) => (message.WatchId, message.Kind, message.Revision);

    private void Put(string key) => _storage.Append(KeySpace.V3, revision => Revision(revision, Feeds.Put(key, revision)));

    private async Task<IWatchSession> OpenAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline);
        return await _hub.OpenSessionAsync(deadline.Token);
    }

    private static async Task<WatchMessage> NextAsync(IWatchSession session)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        WatchMessage message;
        while (!session.TryRead(out message))
            Assert.True(await session.WaitToReadAsync(deadline.Token), "the session ended");
        return message;
    }

    private static async Task<List<WatchMessage>> TakeAsync(IWatchSession session, int count)
    {
        var messages = new List<WatchMessage>();
        while (messages.Count < count)
            messages.Add(await NextAsync(session));
        return messages;
    }
}
