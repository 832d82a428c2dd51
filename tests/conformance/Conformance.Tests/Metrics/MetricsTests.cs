using System.Diagnostics;
using Conformance.Harness;
using Conformance.V2;
using Conformance.V3;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace Conformance.Metrics;

/// <summary>
/// Goal: whatever reads etcd's metrics reads ours. Method: both are asked the same things and scraped; families, types, labels, bounds and what was counted are compared.
/// </summary>
public sealed class MetricsTests(MetricsPair pair) : IClassFixture<MetricsPair>
{
    // Ours beside etcd's: of a release that etcd 3.5 is not yet.
    private static readonly string[] s_further = ["etcd_network_known_peers"];

    // What a clock, a disk or an id of each server's own has no part in.
    private static readonly string[] s_counted =
    [
        "grpc_server_started_total", "grpc_server_handled_total", "grpc_server_msg_received_total", "grpc_server_msg_sent_total",
        "etcd_server_client_requests_total", "etcd_network_client_grpc_received_bytes_total",
        "etcd_mvcc_put_total", "etcd_mvcc_delete_total", "etcd_mvcc_range_total", "etcd_debugging_mvcc_range_total", "etcd_mvcc_txn_total",
        "etcd_debugging_mvcc_total_put_size_in_bytes", "etcd_debugging_mvcc_keys_total", "etcd_debugging_mvcc_current_revision",
        "etcd_debugging_mvcc_compact_revision", "etcd_debugging_mvcc_db_compaction_keys_total", "etcd_debugging_mvcc_events_total",
        "etcd_debugging_mvcc_watcher_total", "etcd_debugging_mvcc_watch_stream_total", "etcd_debugging_mvcc_slow_watcher_total",
        "etcd_debugging_lease_granted_total", "etcd_debugging_lease_revoked_total", "etcd_debugging_lease_renewed_total", "etcd_debugging_lease_ttl_total",
        "etcd_server_health_success", "etcd_server_health_failures", "etcd_server_healthcheck", "etcd_server_healthchecks_total",
        "etcd_server_has_leader", "etcd_server_is_leader", "etcd_server_is_learner", "etcd_server_proposals_pending", "etcd_server_proposals_failed_total",
        "etcd_server_read_indexes_failed_total", "etcd_server_slow_read_indexes_total", "etcd_server_version", "etcd_cluster_version",
        "etcd_server_apply_duration_seconds", "etcd_debugging_auth_revision",
    ];

    [V3ScenarioTheory]
    [InlineData("all")]
    public async Task Metrics_AfterTheSameRequests_AreEtcds(string requests)
    {
        Assert.Equal("all", requests);
        var (etcdBefore, oursBefore) = (await MetricsPair.ScrapeAsync(pair.Etcd.ClientPort), await MetricsPair.ScrapeAsync(pair.Ours.ClientPort));
        await Task.WhenAll(AskAsync(pair.Etcd), AskAsync(pair.Ours));
        var (etcd, ours) = (await SettledAsync(pair.Etcd, etcdBefore), await SettledAsync(pair.Ours, oursBefore));

        Assert.Equal([], Differences(etcd, ours));
        var diff = LineDiff.Between([.. Changes(etcdBefore, etcd)], [.. Changes(oursBefore, ours)]);
        Assert.True(diff is null, diff);
    }

    [V3ScenarioTheory]
    [InlineData("GET", "/metrics", "")]
    [InlineData("GET", "/metrics", "gzip")]
    [InlineData("POST", "/metrics", "")]
    [InlineData("HEAD", "/metrics", "")]
    [InlineData("GET", "/metrics/", "")]
    public async Task Scrape_HasEtcdsHead(string method, string path, string encoding)
    {
        var heads = new List<string>();
        foreach (var port in (int[])[pair.Etcd.ClientPort, pair.Ours.ClientPort])
        {
            using var answer = await RawHttp.SendAsync(port, method, path, encoding.Length > 0 ? [("Accept-Encoding", encoding)] : [], null);
            heads.Add(string.Join('\n', [answer.StatusLine, .. Shown(answer)]));
        }
        Assert.Equal(heads[0], heads[1]);

        static IEnumerable<string> Shown(RawHttp answer) => answer.Headers
            .Where(static header => header.Name is "content-type" or "content-encoding" or "allow" || header.Name.StartsWith("access-control", StringComparison.Ordinal))
            .Select(static header => $"{header.Name}: {header.Value}").Order(StringComparer.Ordinal);
    }

    [V3ScenarioTheory]
    [InlineData("/health")]
    [InlineData("/livez?verbose")]
    [InlineData("/readyz")]
    [InlineData("/version")]
    [InlineData("/v2/keys")]
    [InlineData("/debug/vars")]
    [InlineData("/")]
    public async Task MetricsPort_AnswersAsEtcds(string path)
    {
        using var etcd = await RawHttp.SendAsync(pair.EtcdMetricsPort, "GET", path, [], null);
        using var ours = await RawHttp.SendAsync(pair.OurMetricsPort, "GET", path, [], null);
        Assert.Equal(etcd.StatusLine, ours.StatusLine);
        Assert.Equal(await etcd.ReadToEndAsync(), await ours.ReadToEndAsync());
        Assert.Null(ours.Header("access-control-allow-origin"));
    }

    [V3ScenarioTheory]
    [InlineData("/metrics")]
    public async Task MetricsPort_HasAllFamilies(string path)
    {
        Assert.Equal("/metrics", path);
        var (there, here) = (await MetricsPair.ScrapeAsync(pair.Ours.ClientPort), await MetricsPair.ScrapeAsync(pair.OurMetricsPort));
        Assert.Equal(there.Families.Keys, here.Families.Keys);
    }

    /// <summary>What of etcd's families is wrong or not here, and what is here that etcd has not.</summary>
    private static List<string> Differences(MetricsText etcd, MetricsText ours)
    {
        var wrong = new List<string>();
        foreach (var family in etcd.Families.Values)
        {
            var reason = MissingFamilies.ReasonFor(family.Name);
            if (!ours.Families.TryGetValue(family.Name, out var our))
            {
                if (reason is null)
                    wrong.Add($"{family.Name} is not here");
                continue;
            }
            if (reason is not null)
                wrong.Add($"{family.Name} is here, though it says: {reason}");
            if (our.Type != family.Type)
                wrong.Add($"{family.Name} is a {our.Type}, not a {family.Type}");
            if (!our.Labels.SetEquals(family.Labels))
                wrong.Add($"{family.Name} has labels {string.Join(',', our.Labels)}, not {string.Join(',', family.Labels)}");
            if (!our.Bounds.SequenceEqual(family.Bounds))
                wrong.Add($"{family.Name} has bounds {string.Join(' ', our.Bounds)}, not {string.Join(' ', family.Bounds)}");
        }
        wrong.AddRange(ours.Families.Keys.Except(etcd.Families.Keys).Except(s_further).Select(static name => $"{name} is not etcd's"));
        return wrong;
    }

    /// <summary>By how much each series that can be compared has changed, or what it is if it tells of a state; those that have not are left out.</summary>
    private static IEnumerable<string> Changes(MetricsText before, MetricsText after) => s_counted
        .Where(after.Families.ContainsKey)
        .SelectMany(name => after.Families[name].Series)
        .Where(static series => !series.Key.Contains("_bucket{", StringComparison.Ordinal) && !series.Key.StartsWith("etcd_server_apply_duration_seconds_sum", StringComparison.Ordinal))
        // etcd keeps its members in its v2 store.
        .Where(static series => !series.Key.Contains("version=\"v2\"", StringComparison.Ordinal))
        .Select(series => (series.Key, Change: series.Value - (before.Find(series.Key) ?? 0)))
        .Where(static series => series.Change != 0)
        .Select(static series => $"{series.Key} {series.Change}")
        .Order(StringComparer.Ordinal);

    // The end of a stream and the end of a sweep come to the server by themselves.
    private static async Task<MetricsText> SettledAsync(Target target, MetricsText before)
    {
        var deadline = DateTime.UtcNow.AddSeconds(40);
        while (true)
        {
            var now = await MetricsPair.ScrapeAsync(target.ClientPort);
            var ended = now.Families["grpc_server_handled_total"].Series.Values.Sum() - before.Families["grpc_server_handled_total"].Series.Values.Sum();
            var begun = now.Families["grpc_server_started_total"].Series.Values.Sum() - before.Families["grpc_server_started_total"].Series.Values.Sum();
            if ((ended == begun && now.Find("etcd_debugging_mvcc_watcher_total") == 0) || DateTime.UtcNow > deadline)
                return now;
            await Task.Delay(20);
        }
    }

    private static async Task AskAsync(Target target)
    {
        var channel = target.Channel;
        await WatchAsync(target, async () =>
        {
            await Rpc.Put.CallAsync(channel, Put("a", "1"));
            await Rpc.Put.CallAsync(channel, Put("ab", "22"));
            await Rpc.Delete.CallAsync(channel, new DeleteRangeRequest { Key = Utf8("a") });
        });
        var again = Put("ab", "3");
        again.PrevKv = true;
        await Rpc.Put.CallAsync(channel, again);
        await Rpc.Put.CallAsync(channel, new PutRequest { Key = Utf8("ab"), IgnoreValue = true });
        await FailsAsync(Rpc.Put.CallAsync(channel, new PutRequest { Key = Utf8("none"), IgnoreValue = true }), StatusCode.InvalidArgument);
        await FailsAsync(Rpc.Put.CallAsync(channel, Put("", "")), StatusCode.InvalidArgument);
        await FailsAsync(Rpc.Put.CallAsync(channel, new PutRequest { Key = Utf8("x"), Lease = 5 }), StatusCode.NotFound);
        await Rpc.Range.CallAsync(channel, new RangeRequest { Key = Utf8("a"), RangeEnd = Utf8("b") });
        await Rpc.Range.CallAsync(channel, new RangeRequest { Key = Utf8("ab"), Serializable = true });
        await FailsAsync(Rpc.Range.CallAsync(channel, new RangeRequest { Key = Utf8("a"), Revision = 1_000 }), StatusCode.OutOfRange);
        await Rpc.Delete.CallAsync(channel, new DeleteRangeRequest { Key = Utf8("nothing") });
        await Rpc.Delete.CallAsync(channel, new DeleteRangeRequest { Key = Utf8("nothing"), PrevKv = true });
        await TransactionsAsync(target);
        await LeasesAsync(target);
        await Rpc.Compact.CallAsync(channel, new CompactionRequest { Revision = 5, Physical = true });
        await FailsAsync(Rpc.Compact.CallAsync(channel, new CompactionRequest { Revision = 5 }), StatusCode.OutOfRange);
        await Rpc.HashKV.CallAsync(channel, new HashKVRequest());
        await Rpc.MemberList.CallAsync(channel, new MemberListRequest { Linearizable = true });
        await Rpc.SendAsync(
            channel, Rpc.Method(MethodType.Unary, "etcdserverpb.Maintenance", "Status"), new StatusRequest().ToByteArray(),
            new Metadata { { "client-api-version", "3.5" } });
        await HealthAsync(target);
    }

    private static async Task TransactionsAsync(Target target)
    {
        var channel = target.Channel;
        var compare = new Compare { Key = Utf8("ab"), Target = Compare.Types.CompareTarget.Version, Version = 77 };
        await Rpc.Txn.CallAsync(channel, new TxnRequest { Success = { new RequestOp { RequestPut = Put("t", "1") } } });
        await Rpc.Txn.CallAsync(channel, new TxnRequest
        {
            Success =
            {
                new RequestOp { RequestPut = Put("t", "2") }, new RequestOp { RequestRange = new RangeRequest { Key = Utf8("t") } },
                new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = Utf8("u") } },
            },
        });
        await Rpc.Txn.CallAsync(channel, new TxnRequest { Compare = { compare }, Failure = { new RequestOp { RequestPut = Put("t", "3") } } });
        await Rpc.Txn.CallAsync(channel, new TxnRequest { Compare = { compare, compare }, Failure = { new RequestOp { RequestPut = Put("t", "3") } } });
        await Rpc.Txn.CallAsync(channel, new TxnRequest { Compare = { compare }, Failure = { new RequestOp { RequestRange = new RangeRequest { Key = Utf8("t") } } } });
        await Rpc.Txn.CallAsync(channel, new TxnRequest { Success = { new RequestOp { RequestRange = new RangeRequest { Key = Utf8("t") } } } });
        var twice = new TxnRequest { Success = { new RequestOp { RequestPut = Put("t", "4") }, new RequestOp { RequestPut = Put("t", "5") } } };
        await FailsAsync(Rpc.Txn.CallAsync(channel, twice), StatusCode.InvalidArgument);
    }

    private static async Task LeasesAsync(Target target)
    {
        var channel = target.Channel;
        await Rpc.LeaseGrant.CallAsync(channel, new LeaseGrantRequest { ID = 11, TTL = 100 });
        await Rpc.LeaseGrant.CallAsync(channel, new LeaseGrantRequest { ID = 12, TTL = 3_000 });
        await FailsAsync(Rpc.LeaseGrant.CallAsync(channel, new LeaseGrantRequest { ID = 11, TTL = 100 }), StatusCode.FailedPrecondition);
        foreach (var key in (string[])["l1", "l2"])
            await Rpc.Put.CallAsync(channel, new PutRequest { Key = Utf8(key), Lease = 11 });
        using (var call = Open(target, "etcdserverpb.Lease", "LeaseKeepAlive"))
        {
            foreach (var id in (long[])[11, 12, 13])
            {
                await call.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = id }.ToByteArray());
                Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            }
            await call.RequestStream.CompleteAsync();
            Assert.False(await call.ResponseStream.MoveNext(CancellationToken.None));
        }
        await Rpc.LeaseRevoke.CallAsync(channel, new LeaseRevokeRequest { ID = 11 });
        await Rpc.LeaseRevoke.CallAsync(channel, new LeaseRevokeRequest { ID = 12 });
        await FailsAsync(Rpc.LeaseRevoke.CallAsync(channel, new LeaseRevokeRequest { ID = 13 }), StatusCode.NotFound);
    }

    private static async Task WatchAsync(Target target, Func<Task> write)
    {
        await HearAsync(target, write);
        // The server hears of the end in its own time, and counts what comes until then.
        var patience = Stopwatch.StartNew();
        while ((await MetricsPair.ScrapeAsync(target.ClientPort)).Find("etcd_debugging_mvcc_watcher_total") != 0)
            Assert.True(patience.Elapsed < TimeSpan.FromSeconds(40), "the watches did not end");
    }

    private static async Task HearAsync(Target target, Func<Task> write)
    {
        using var call = Open(target, "etcdserverpb.Watch", "Watch");
        foreach (var key in (string[])["a", "b"])
        {
            var create = new WatchCreateRequest { Key = Utf8(key), RangeEnd = Utf8(key + "\xff") };
            await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = create }.ToByteArray());
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        }
        await write();
        for (var events = 0; events < 3;)
        {
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            events += WatchResponse.Parser.ParseFrom(call.ResponseStream.Current).Events.Count;
        }
        var now = await MetricsPair.ScrapeAsync(target.ClientPort);
        Assert.Equal((2.0, 1.0), (now.Find("etcd_debugging_mvcc_watcher_total"), now.Find("etcd_debugging_mvcc_watch_stream_total")));
    }

    private static async Task HealthAsync(Target target)
    {
        var alarm = new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Activate, MemberID = 5, Alarm = AlarmType.Nospace };
        await GetAsync("/health", "/health?exclude=NOSPACE", "/livez", "/readyz", "/readyz/non_learner?verbose", "/readyz?exclude=serializable_read&exclude=linearizable_read");
        await Rpc.Alarm.CallAsync(target.Channel, alarm);
        await GetAsync("/health", "/health?exclude=NOSPACE", "/readyz");
        alarm.Action = AlarmRequest.Types.AlarmAction.Deactivate;
        await Rpc.Alarm.CallAsync(target.Channel, alarm);

        async Task GetAsync(params string[] paths)
        {
            foreach (var path in paths)
            {
                using var answer = await RawHttp.SendAsync(target.ClientPort, "GET", path, [], null);
                await answer.ReadToEndAsync();
            }
        }
    }

    private static AsyncDuplexStreamingCall<byte[], byte[]> Open(Target target, string service, string method) => target.Channel.CreateCallInvoker()
        .AsyncDuplexStreamingCall(Rpc.Method(MethodType.DuplexStreaming, service, method), null, new CallOptions(deadline: DateTime.UtcNow.AddSeconds(20)));

    private static async Task FailsAsync(Task call, StatusCode code) => Assert.Equal(code, (await Assert.ThrowsAsync<RpcException>(() => call)).StatusCode);

    private static PutRequest Put(string key, string value) => new() { Key = Utf8(key), Value = Utf8(value) };

    private static ByteString Utf8(string text) => ByteString.CopyFrom(System.Text.Encoding.Latin1.GetBytes(text));
}
