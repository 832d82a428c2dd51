using Chaos.Tests.Workload;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Xunit.Abstractions;

namespace EndToEnd.Tests.Observability;

/// <summary>
/// Goal: no panel is empty and no alert is blind: what the shipped dashboards and rules ask for is what the services show. Method: the real Prometheus scrapes a cluster of processes under
/// the shipped job names and with the shipped rules, and is asked every query; one hub more has a feed, to a broker that is not there. Its promtool reads the rules and runs their tests.
/// </summary>
[Collection(ClusterProcessesTests.Name), Needs(Tool.Prometheus)]
public sealed class DashboardTests(ClusterProcessesFixture fixture, ITestOutputHelper output)
{
    // What has no process here: the container tests ask the proxy itself.
    private const string Proxy = "proxy";

    private const string HubJob = "watch-hub";

    // Grafana's: at least four scrapes. Here a scrape takes a second.
    private const string RateInterval = "$__rate_interval", RateIntervalHere = "5s";
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30), s_limit = TimeSpan.FromSeconds(10);

    private readonly ClusterProcessesDeployment _cluster = (ClusterProcessesDeployment)fixture.Deployment;

    [DeploymentFact]
    public async Task EveryQuery_OfPanelsAndAlerts_FindsWhatTheServicesShow()
    {
        using var folder = new TempFolder();
        Assert.Equal(_cluster.Health.Select(static one => one.Job).Distinct().Append(Proxy).Order(), ShippedFiles.Jobs().Select(static job => job.Job).Order());
        var (hub, health) = _cluster.StartHub("--Feed:Broker", $"amqp://127.0.0.1:{Ports.Free(1)[0]}/", "--Feed:Prefixes", "dashboards=dashboards", "--Feed:ClaimTtl", "2");
        await using var _ = hub;
        var jobs = _cluster.Health.Append((Job: HubJob, Address: health)).GroupBy(static one => one.Job, static one => $"\"{one.Address.Authority}\"")
            .Select(static job => $"  - job_name: {job.Key}\n    static_configs: [{{ targets: [{string.Join(", ", job)}] }}]\n");
        await using var prometheus = await Prometheus.StartAsync(
            folder.Path, $"global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [{ShippedFiles.AlertsFile}]\nscrape_configs:\n{string.Concat(jobs)}");
        using var channel = EtcdCalls.Connect(_cluster.Client);

        var panels = ShippedFiles.PanelQueries();
        Assert.NotEmpty(panels);
        var open = panels.ToHashSet();
        await PollAsync("the queries of all panels to find something", () => string.Join('\n', open.Select(static one => $"{one.Panel}: {one.Query}")), async () =>
        {
            foreach (var panel in open.ToList())
            {
                if ((await prometheus.QueryAsync(panel.Query.Replace(RateInterval, RateIntervalHere, StringComparison.Ordinal))).Count > 0)
                    open.Remove(panel);
            }
            return open.Count == 0;
        });

        var alerts = ShippedFiles.Alerts();
        Assert.NotEmpty(alerts);
        var asked = alerts.SelectMany(static alert => MetricNames.Of(alert.Query).Select(name => (Alert: alert.Name, Metric: name))).ToList();
        Assert.All(alerts, alert => Assert.Contains(asked, one => one.Alert == alert.Name));
        // No panel is about some of them, so they may not have been scraped yet.
        HashSet<string> shown = [];
        await PollAsync(
            "the metrics of all alerts to be shown by some service", () => string.Join('\n', asked.Where(one => !shown.Contains(one.Metric)).Select(static one => $"{one.Alert}: {one.Metric}")),
            async () =>
            {
                shown = await prometheus.MetricsAsync();
                return asked.All(one => shown.Contains(one.Metric));
            });
        IReadOnlyList<(string Name, string Health)> rules = [];
        await PollAsync("every rule to be evaluated", () => string.Join('\n', rules), async () =>
        {
            rules = await prometheus.RulesAsync();
            return rules.Count == alerts.Count && rules.All(static rule => rule.Health != "unknown");
        });
        Assert.All(rules, rule => Assert.Equal((rule.Name, "ok"), rule));
        // It gives up its claim: no lease of this test is left to others.
        hub.Terminate();
        Assert.Equal(0, await hub.WaitForExitAsync());
        output.WriteLine($"{panels.Count} queries of {panels.Select(static one => one.Panel).Distinct().Count()} panels, {alerts.Count} alerts, {shown.Count} metrics");

        async Task PollAsync(string what, Func<string> missing, Func<Task<bool>> isDone)
        {
            try
            {
                await Poll.UntilAsync(what, s_deadline, async () =>
                {
                    // There is something to see between two scrapes.
                    await EtcdCalls.PutAsync(channel, new PutRequest { Key = ByteString.CopyFromUtf8("dashboards") }, s_limit);
                    await EtcdCalls.RangeAsync(channel, new RangeRequest { Key = ByteString.CopyFromUtf8("dashboards") }, s_limit);
                    return await isDone();
                });
            }
            catch (TimeoutException error)
            {
                throw new TimeoutException($"{error.Message}; not:\n{missing()}", error);
            }
        }
    }

    [DeploymentFact]
    public async Task Alerts_FireWhenTheyShould()
    {
        var tests = Path.Combine(Repository.Root, "tests", "e2e", "EndToEnd.Tests", "Observability", "alerts.test.yml");
        await PromtoolAsync("check", "rules", ShippedFiles.AlertsFile);
        await PromtoolAsync("check", "config", "--syntax-only", ShippedFiles.ConfigurationFile);
        await PromtoolAsync("test", "rules", tests);
        var text = await File.ReadAllTextAsync(tests);
        Assert.All(ShippedFiles.Alerts(), alert => Assert.Contains($"alertname=\"{alert.Name}\"", text, StringComparison.Ordinal));
    }

    private async Task PromtoolAsync(params string[] command)
    {
        await using var promtool = ChildProcess.Start(Toolbox.Promtool, command);
        var code = await promtool.WaitForExitAsync();
        Assert.True(code == 0, $"promtool {string.Join(' ', command)} ended with {code}:\n{promtool.Out}\n{promtool.Err}");
        output.WriteLine(promtool.Out);
    }
}
