using System.Text.Json;
using Chaos.Tests.Workload;
using Chaos.Tests.Workload.Watching;
using EndToEnd.Tests.Behaviour;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using WatchGuarantees.History;
using Xunit.Abstractions;

namespace EndToEnd.Tests.Containers;

/// <summary>
/// Goal: upgrade.sh puts a new container in the place of each one of a running stack, and no client notices: no error, every acknowledged write once, every guarantee of every watch (I6), no
/// lease that ends (I7). An upgrade to something that does not start is stopped by the script before it does harm, and mended by running it again. Method: the script as shipped on the stack
/// with two of whatever can be scaled, under writers, watches from a revision on, leases and v2 writes, all by way of the proxy.
/// </summary>
[Collection(ComposeTests.Name), Needs(Tool.ContainerEngine)]
public sealed class ComposeUpgradeTests(ComposeFixture fixture, ITestOutputHelper output)
{
    private const string Hub = "watch-hub", Manager = "lease-manager", Gateway = "api-gateway", Storage = "storage", Proxy = "proxy";
    private const int Streams = 12, Writers = 6, Keepers = 6;

    // What the containers of an upgrade that fails say before they end.
    private const string LastWords = "no such option: --of-a-test";

    // The order that docs/running.md promises.
    private static readonly string[] s_members = ["consensus-1", "consensus-2", "consensus-3"], s_services = [.. s_members, Storage, Manager, Hub, Gateway];
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(15), s_deadline = TimeSpan.FromSeconds(60);

    private readonly ComposeDeployment _deployment = (ComposeDeployment)fixture.Deployment;
    private readonly string _run = $"upgrade/{Guid.NewGuid():n}/";

    [DeploymentFact]
    public async Task EveryContainerReplaced_AlsoAfterAnUpgradeThatFailed_ClientsNoticeNothing()
    {
        var client = _deployment.Client;
        using var folder = new TempFolder();
        var broken = folder.Sub("broken.yaml");
        await File.WriteAllTextAsync(broken, $"services:\n  {Hub}:\n    entrypoint: [\"/bin/sh\", \"-c\", \"echo '{LastWords}' >&2; exit 3\"]\n");
        try
        {
            await _deployment.ScaleAsync((Storage, 2), (Manager, 2), (Hub, 2), (Gateway, 2));
            using var channel = EtcdCalls.Connect(client);
            var first = (await EtcdCalls.PutAsync(channel, new PutRequest { Key = ByteString.CopyFromUtf8(_run) }, s_limit)).Header.Revision + 1;
            await using var fleet = await WatchFleet.StartAsync([client], Enumerable.Range(0, Streams).Select(ScopesOf), s_deadline);
            await using var groups = new GroupWriter(client, s_limit, _run + "group/");
            await using var writers = new KeyWriters(client, Enumerable.Range(0, Writers).Select(KeyOf));
            await using var old = new PathWriter(_deployment.OldClient, _run + "old");
            await using var keepers = new LeaseKeepers();
            await keepers.AddAsync(Keepers, _ => new AllEndpoints([client], 0), _run + "kept");
            var (containers, volumes) = (await _deployment.ContainersAsync(), await _deployment.VolumesAsync());
            Assert.All([Storage, Manager, Hub, Gateway], service => Assert.Equal(2, containers[service].Count()));

            var failed = await _deployment.UpgradeAsync(broken, Hub, Manager);
            var left = await _deployment.ContainersAsync();
            Assert.True(failed.Code == 1, $"ended with {failed.Code}:\n{failed.Out}\n{failed.Err}");
            Assert.Contains(LastWords, failed.Err, StringComparison.Ordinal);
            // With what compose said of it; and none of the logs of those that are well.
            Assert.Matches($"\n{Hub} did not become healthy: stopped here; .*-{Hub}-\\d+ ", failed.Err);
            Assert.DoesNotContain("service started", failed.Err, StringComparison.Ordinal);
            // Those not named, the one behind it, and of its own the one that was not next are what they were.
            Assert.Single(containers[Hub].Intersect(left[Hub]));
            Assert.All(s_services.Append(Proxy).Where(static service => service != Hub), service => Assert.Equal(containers[service].Order(), left[service].Order()));

            var done = await _deployment.UpgradeAsync(null);
            var replaced = await _deployment.ContainersAsync();
            Assert.True(done.Code == 0, $"ended with {done.Code}:\n{done.Out}\n{done.Err}");
            Assert.Equal(s_services, done.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(':')[0]).Distinct());
            Assert.Equal(containers[Proxy], replaced[Proxy]);
            Assert.All(s_services, service =>
            {
                Assert.Equal(containers[service].Count(), replaced[service].Count());
                Assert.Empty(replaced[service].Intersect(containers[service].Concat(left[service])));
            });
            Assert.Equal(volumes, await _deployment.VolumesAsync());

            await writers.StopAsync();
            await groups.StopAsync();
            var last = Math.Max(writers.Revision, groups.Revision);
            await fleet.CaughtUpAsync(last, s_deadline);
            await fleet.StopAsync();
            Assert.Empty(writers.Errors);
            Assert.Empty(groups.Errors);
            await old.CheckAsync();
            await keepers.CheckAsync();
            // Both gateways have sent their clients away; etcd's client library takes this for "go on elsewhere", without a word to its user.
            Assert.All(fleet.Ends, end => Assert.Equal((StatusCode.Unavailable, "etcdserver: server stopped"), (end.Status.StatusCode, end.Status.Detail)));
            Assert.InRange(fleet.Ends.Count(), Streams, int.MaxValue);
            var written = await WatchFleet.ReadAsync(client, last, s_deadline, first);
            fleet.Check(written);
            Assert.Equal(writers.Acknowledged.OrderBy(static one => one.Revision), WritesOf(written));
            await StartedOnTheirDataAsync(first);
            output.WriteLine($"{s_services.Sum(service => replaced[service].Count())} containers replaced under {writers.Acknowledged.Count} writes of v3 keys and {old.Written} of v2 keys, "
                + $"{fleet.Ends.Count()} streams were sent elsewhere, {fleet.Records.Sum(record => record.Heard.Count())} events heard of {last - first + 1} revisions");
        }
        catch (Exception)
        {
            foreach (var service in s_services)
                output.WriteLine(await _deployment.LogsOfAsync(service));
            // No hub that cannot start is left to other tests.
            await _deployment.UpgradeAsync(null, Hub);
            throw;
        }
        finally
        {
            await _deployment.ScaleAsync((Storage, 1), (Manager, 1), (Hub, 1), (Gateway, 1));
        }
    }

    private string KeyOf(int writer) => $"{_run}own/{writer}";

    private List<WatchScope> ScopesOf(int stream) =>
    [
        .. Enumerable.Range(0, Writers).Select(n => new WatchScope(KeyOf(n), PreviousValue: (stream + n) % 3 == 0)),
        new WatchScope(_run + "own/", _run + "own0", Fragment: stream % 2 == 0),
        new WatchScope(_run + "group/", _run + "group0", PreviousValue: stream % 2 == 0),
    ];

    private IEnumerable<(string Key, string Value, long Revision)> WritesOf(WrittenHistory history)
    {
        for (var revision = history.First; revision <= history.Last; revision++)
        {
            foreach (var one in history.At(revision).Where(one => one.Key.StartsWith(_run + "own/", StringComparison.Ordinal)))
                yield return (one.Key, one.State?.Value ?? "", revision);
        }
    }

    /// <summary>Whoever keeps data said at its start that it found what was there before.</summary>
    private async Task StartedOnTheirDataAsync(long revision)
    {
        foreach (var member in s_members)
            Assert.True((await ToldAsync(member, "cluster", "last-index")).Single() > 1, $"{member} began with an empty log");
        var replicas = await ToldAsync(Storage, "applied-index", "revision");
        Assert.Equal(2, replicas.Count);
        Assert.All(replicas, found => Assert.True(found >= revision, $"a replica found revision {found} of at least {revision} in its data file"));
    }

    /// <summary>A number in the lines of a service's log that have another property too.</summary>
    private async Task<List<long>> ToldAsync(string service, string other, string property)
    {
        var told = new List<long>();
        foreach (var line in (await _deployment.LogsOfAsync(service)).Split('\n').Where(line => line.Contains($"\"{property}\":", StringComparison.Ordinal)))
        {
            using var json = JsonDocument.Parse(line[line.IndexOf('{', StringComparison.Ordinal)..]);
            if (json.RootElement.TryGetProperty(other, out _) && json.RootElement.TryGetProperty(property, out var value))
                told.Add(value.GetInt64());
        }
        return told;
    }
}
