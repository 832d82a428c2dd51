namespace EndToEnd.Tests.Metrics;

/// <summary>Services as processes of their own: each shows what it owns at its own address, and a gateway at its client port too.</summary>
[Collection(FiveProcessesTests.Name)]
public sealed class ServiceMetricsTests(FiveProcessesFixture fixture)
{
    private readonly FiveProcessesDeployment _processes = (FiveProcessesDeployment)fixture.Deployment;

    private static readonly string[] s_ofEach = ["process_resident_memory_bytes", "process_open_fds", "promhttp_metric_handler_requests_total"];

    private static async Task<Dictionary<string, double>> ScrapeAsync(Uri address)
    {
        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri(address, "metrics"));
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static line => line[0] != '#').ToDictionary(
            static line => line[..line.LastIndexOf(' ')],
            static line => double.Parse(line[(line.LastIndexOf(' ') + 1)..].Replace("+Inf", "Infinity", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task EachService_ShowsWhatItOwns()
    {
        using var client = new V3Client(_processes.Client);
        await client.PutAsync($"metrics-{Guid.NewGuid():n}", "value");

        var consensus = await ScrapeAsync(_processes.Health("Consensus"));
        Assert.Equal((1, 1), (consensus["etcd_server_has_leader"], consensus["etcd_server_is_leader"]));
        Assert.True(consensus["etcd_server_proposals_committed_total"] > 0);
        Assert.True(consensus["etcd_disk_wal_fsync_duration_seconds_count"] > 0);

        var storage = await ScrapeAsync(_processes.Health("Storage"));
        Assert.True(storage["etcd_mvcc_put_total"] >= 1);
        Assert.True(storage["etcd_debugging_mvcc_keys_total"] >= 1);
        Assert.True(storage["etcd_mvcc_db_total_size_in_bytes"] > 0);

        var hub = await ScrapeAsync(_processes.Health("WatchHub"));
        Assert.True(hub.ContainsKey("etcd_debugging_mvcc_watcher_total"));

        var leases = await ScrapeAsync(_processes.Health("LeaseManager"));
        Assert.True(leases.ContainsKey("etcd_debugging_lease_renewed_total"));

        var gateway = await ScrapeAsync(_processes.Health("ApiGateway"));
        Assert.True(gateway["grpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"Put\",grpc_service=\"etcdserverpb.KV\",grpc_type=\"unary\"}"] >= 1);
        Assert.Equal(1, gateway["etcd_server_has_leader"]);

        Assert.All(new[] { consensus, storage, hub, leases, gateway }, page => Assert.All(s_ofEach, name => Assert.Contains(page.Keys, key => key.StartsWith(name, StringComparison.Ordinal))));
        Assert.Equal(gateway.Keys.Order(StringComparer.Ordinal), (await ScrapeAsync(_processes.Client)).Keys.Order(StringComparer.Ordinal));
    }
}
