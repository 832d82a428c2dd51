using System.Diagnostics;
using Chaos.Tests.Workload;
using Chaos.Tests.Workload.Watching;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using WatchGuarantees.History;
using Xunit.Abstractions;

namespace EndToEnd.Tests.Behaviour;

/// <summary>
/// Goal: replicas of every service that can be scaled are added and taken away by one option of compose while everything runs, and no client notices: no error, no gap, no repeat and every
/// other guarantee for every watch (I6), no lease that ends early (I7) or is kept long. Method: watches on streams through proxy and gateway, recorded, a v2 stream, writers, leases that are
/// kept alive and others that are not; one hub becomes three and one again, one lease manager two; the active one is killed, and the next is taken away. Then storage and gateways become
/// three, new clients come, and what was added goes: clients of the gateways that go are told to go elsewhere, and find the one that stays at the same address.
/// </summary>
[Collection(ComposeTests.Name), Needs(Tool.ContainerEngine)]
public sealed class ComposeScaleUnderLoadTests(ComposeFixture fixture, ITestOutputHelper output)
{
    private const string Hub = "watch-hub", Manager = "lease-manager", Gateway = "api-gateway", Storage = "storage";

    // Logged by a hub, once for each session that a gateway opens; by a gateway, when a session ends before it could be left.
    private const string SessionOpened = "watch session opened", SessionLost = "watch session lost";

    private const int Streams = 30, WatchesOfAStream = 20, LateStreams = 6, Writers = 8, Keepers = 20, Dying = 10, NewClients = 12;

    // Shown by a gateway: the streams that clients have there.
    private const string StreamsOfAGateway = "etcd_debugging_mvcc_watch_stream_total";

    // Sessions move at five in a hundred a second, so this takes some seconds; those that are new are there at once.
    private const int SessionsOfANewHub = 3;
    private const long DyingTtl = 2;
    private static readonly TimeSpan s_maxTakeover = TimeSpan.FromSeconds(2), s_maxLate = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(15), s_deadline = TimeSpan.FromSeconds(60);

    private readonly ComposeDeployment _deployment = (ComposeDeployment)fixture.Deployment;
    private readonly string _run = $"scale/{Guid.NewGuid():n}/";

    [DeploymentFact]
    public async Task ReplicasOfEveryService_ComeAndGo_ClientsNoticeNothing()
    {
        var client = _deployment.Client;
        using var channel = EtcdCalls.Connect(client);
        var first = (await EtcdCalls.PutAsync(channel, new PutRequest { Key = ByteString.CopyFromUtf8(_run) }, s_limit)).Header.Revision + 1;
        try
        {
            await using var fleet = await WatchFleet.StartAsync([client], Enumerable.Range(0, Streams).Select(ScopesOf), s_deadline);
            await using var groups = new GroupWriter(client, s_limit);
            await using var writers = new KeyWriters(client, Enumerable.Range(0, Writers).Select(KeyOf));
            await using var path = await PathStream.StartAsync(client, _run + "path");
            await using var dying = await DyingLeases.StartAsync(client);
            await using var keepers = new LeaseKeepers();
            await keepers.AddAsync(Keepers, _ => new OneEndpoint(client), _run + "kept");

            await _deployment.ScaleAsync((Hub, 3), (Manager, 2));
            await using var late = await WatchFleet.StartAsync([client], Enumerable.Range(Streams, LateStreams).Select(ScopesOf), s_deadline);
            await SpreadAsync();
            await HandoverAsync("killed", s_maxTakeover, () => _deployment.KillAsync(Manager, 1));
            await _deployment.StartAsync(Manager, 1);
            var lost = await CountAsync(Gateway, SessionLost);
            // Nobody waits for a manager that is told to stop; how long the engine takes to tell it is the engine's matter.
            await HandoverAsync("taken away", s_deadline, () => _deployment.ScaleAsync((Hub, 1), (Manager, 1)));
            Assert.Equal(lost, await CountAsync(Gateway, SessionLost));

            await _deployment.ScaleAsync((Storage, 3), (Gateway, 3));
            await using var newest = await WatchFleet.StartAsync([client], Enumerable.Range(Streams + LateStreams, NewClients).Select(ScopesOf), s_deadline);
            await using var newWriters = new KeyWriters(client, Enumerable.Range(Writers, NewClients).Select(KeyOf));
            await keepers.AddAsync(NewClients, _ => new AllEndpoints([client], 0), _run + "kept");
            foreach (var gateway in (int[])[2, 3])
                Assert.True(await _deployment.MetricAsync(Gateway, gateway, StreamsOfAGateway) > 0, $"the proxy led nobody to gateway {gateway}");
            await _deployment.ScaleAsync((Storage, 1), (Gateway, 1));

            await writers.StopAsync();
            await newWriters.StopAsync();
            await groups.StopAsync();
            var last = Math.Max(Math.Max(writers.Revision, newWriters.Revision), groups.Revision);
            foreach (var watching in (WatchFleet[])[fleet, late, newest])
            {
                await watching.CaughtUpAsync(last, s_deadline);
                await watching.StopAsync();
            }
            Assert.Empty(fleet.Ends.Concat(late.Ends));
            // What etcd's client library takes for "go on elsewhere", without a word to its user.
            Assert.NotEmpty(newest.Ends);
            Assert.All(newest.Ends, end => Assert.Equal((StatusCode.Unavailable, "etcdserver: server stopped"), (end.Status.StatusCode, end.Status.Detail)));
            await keepers.CheckAsync();
            Assert.Empty(writers.Errors);
            Assert.Empty(newWriters.Errors);
            Assert.Empty(groups.Errors);
            var written = await WatchFleet.ReadAsync(client, last, s_deadline, first);
            fleet.Check(written);
            late.Check(written);
            newest.Check(written);
            List<WatchRecord> records = [.. fleet.Records, .. late.Records, .. newest.Records];
            output.WriteLine($"{newest.Ends.Count()} streams went to the gateway that stays; {records.Count} watches heard {records.Sum(record => record.Heard.Count())} events "
                + $"of {last - first + 1} revisions, a v2 stream {await path.CheckAsync(s_deadline)}");

            async Task HandoverAsync(string what, TimeSpan maxTakeover, Func<Task> strike)
            {
                await dying.GrantAsync(Dying, DyingTtl);
                await Task.Delay(TimeSpan.FromSeconds(DyingTtl - 0.5)); // The leases' own time passes: the fault is to fall into the last half second of these, and before that of the next.
                await dying.GrantAsync(Dying, DyingTtl);
                var striking = Stopwatch.GetTimestamp();
                await strike();
                var struck = Stopwatch.GetTimestamp();
                await KeepAliveAnsweredAsync();
                var takenOver = Stopwatch.GetTimestamp();
                var lives = await dying.EndedAsync(s_deadline);
                var takeover = Stopwatch.GetElapsedTime(struck, takenOver);
                output.WriteLine(
                    $"{what} in {Stopwatch.GetElapsedTime(striking, struck).TotalMilliseconds:F0} ms: keep-alives answered {takeover.TotalMilliseconds:F0} ms after; the first lease ended "
                    + $"{lives.Min(life => life.SinceAsked - life.Ttl).TotalMilliseconds:F0} ms after its TTL, the last {lives.Max(life => life.LateBy(striking, takenOver)).TotalMilliseconds:F0} ms");
                Assert.All(lives, life => Assert.True(life.SinceAsked >= life.Ttl, $"{what}: {life.Key} ended {(life.Ttl - life.SinceAsked).TotalMilliseconds:F0} ms early (I7)"));
                Assert.All(lives, life => Assert.True(life.LateBy(striking, takenOver) < s_maxLate, $"{what}: {life.Key} was kept {life.LateBy(striking, takenOver)} too long"));
                Assert.True(takeover < maxTakeover, $"{what}: taken over after {takeover.TotalMilliseconds:F0} ms");
                await keepers.CheckAsync();
            }

            async Task KeepAliveAnsweredAsync()
            {
                using var patience = new CancellationTokenSource(s_deadline);
                var lease = (await EtcdCalls.GrantAsync(channel, new LeaseGrantRequest { TTL = 60 }, s_limit)).ID;
                using var call = EtcdCalls.KeepAlive(channel, patience.Token);
                await call.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = lease });
                Assert.True(await call.ResponseStream.MoveNext(patience.Token));
                Assert.Equal(60, call.ResponseStream.Current.TTL);
            }
        }
        catch (Exception)
        {
            output.WriteLine(await _deployment.LogsOfAsync(Hub));
            output.WriteLine(await _deployment.LogsOfAsync(Manager));
            await _deployment.ScaleAsync((Hub, 1), (Manager, 1), (Storage, 1), (Gateway, 1));
            throw;
        }
    }

    private string KeyOf(int writer) => $"{_run}own/{writer}";

    // Most watch a key, as users' do; some watch much.
    private List<WatchScope> ScopesOf(int stream) =>
    [
        .. Enumerable.Range(0, WatchesOfAStream - 4).Select(n => new WatchScope(KeyOf((stream + n) % Writers), PreviousValue: n % 3 == 0, NoDelete: n % 5 == 0, Fragment: n % 7 == 0)),
        new WatchScope(GroupWriter.Prefix, GroupWriter.Prefix[..^1] + '0', PreviousValue: stream % 2 == 0),
        new WatchScope(GroupWriter.Prefix, GroupWriter.Prefix[..^1] + '0', NoPut: stream % 2 == 0, NoDelete: stream % 2 != 0),
        new WatchScope(_run + "own/", _run + "own0", Fragment: true),
        new WatchScope("dying/", "dying0"),
    ];

    private Task SpreadAsync() => Poll.UntilAsync("sessions on the hubs that came", s_deadline, async () =>
    {
        var sessions = (await _deployment.LogsOfAsync(Hub)).Split('\n').Where(line => line.Contains(SessionOpened, StringComparison.Ordinal))
            .CountBy(line => line.Split('|')[0].Trim()).ToDictionary();
        return sessions.Count == 3 && sessions.Values.All(opened => opened >= SessionsOfANewHub);
    });

    private async Task<int> CountAsync(string service, string message) =>
        (await _deployment.LogsOfAsync(service)).Split('\n').Count(line => line.Contains(message, StringComparison.Ordinal));
}
