using System.Diagnostics;
using ApiGateway.Host;
using ApiGateway.Tests.Fakes;
using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Hosting.Durations;
using Microsoft.Extensions.Logging;
using Storage.Contracts;

namespace ApiGateway.Tests.Host;

/// <summary>Goal: a slow request explains itself in one line. Method: gateways to which every request is slow, and to which none is, over a log and a storage that say what they are told to.</summary>
#pragma warning disable CA1001 // The logger factory of the gateway owns it.
public sealed class SlowRequestTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private const int EventId = 47;

    private static readonly PutRequest s_put = new() { Key = ByteString.CopyFromUtf8("slow") };
    private static readonly string[] s_stages = ["gateway", "batch-wait", "log-sync", "replication", "apply-wait", "apply", "between-services", "answer"];

    private readonly GatewayFixture _gateway = new SuspiciousGateway();
    private readonly LogLines _lines = new(EventId);

    public async Task InitializeAsync()
    {
        await _gateway.InitializeAsync();
        _gateway.Service<ILoggerFactory>().AddProvider(_lines);
    }

    public Task DisposeAsync() => _gateway.DisposeAsync();

    [Theory]
    [InlineData("batch-wait")]
    [InlineData("log-sync")]
    [InlineData("replication")]
    [InlineData("apply-wait")]
    [InlineData("apply")]
    public async Task Put_ThatWaitedInOneStage_NamesIt(string stage)
    {
        var whole = TimeSpan.FromHours(1);
        _gateway.Cluster.OnEntryTimes = _ => new EntryTimes(Of("batch-wait"), Of("log-sync"), Of("replication"));
        _gateway.Cluster.OnAppliedTimes = _ => new AppliedTimes(Of("apply-wait"), Of("apply"));
        // What goes by until the result comes is the stage's.
        _gateway.Cluster.HoldResults = true;
        var before = _gateway.Cluster.Proposed.Count;
        var trace = ActivityTraceId.CreateRandom();
        var putting = _gateway.Grpc.CallAsync<PutRequest, PutResponse>(
            "etcdserverpb.KV", "Put", s_put, new Metadata { { "traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-00" } });
        await Wait.UntilAsync(() => _gateway.Cluster.Proposed.Count > before);
        var held = Stopwatch.StartNew();
        await Wait.UntilAsync(() => held.Elapsed > TimeSpan.FromMilliseconds(200));
        _gateway.Cluster.ReleaseResults();
        await putting;

        var line = await _lines.NextAsync();
        Assert.Equal(("request took too long", "/etcdserverpb.KV/Put", "0s"), (line["msg"], line["request"], line["expected-duration"]));
        Assert.Equal(s_stages, line.Keys.Where(s_stages.Contains));
        Assert.Equal(s_stages.MaxBy(name => Took(line, name)), line["slowest"]);
        Assert.Equal(stage, s_stages[1..^1].MaxBy(name => Took(line, name)));
        Assert.Equal(_gateway.Cluster.Index, line["index"]);
        // The caller's, sampled or not.
        Assert.Equal(trace, Assert.IsType<ActivityContext>(line["trace"]).TraceId);
        Assert.InRange(Took(line, stage), TimeSpan.FromMilliseconds(200), Took(line, "took"));
        Assert.Equal(Took(line, "took").TotalMicroseconds, s_stages.Sum(name => Took(line, name).TotalMicroseconds), tolerance: 10);

        TimeSpan Of(string name) => name == stage ? whole : TimeSpan.Zero;
    }

    [Fact]
    public async Task Put_WhenNobodyCanSayHowLongItTook_LeavesTheTimeBetweenTheServices()
    {
        _gateway.Cluster.OnEntryTimes = _ => throw new LogUnavailableException("gone");
        _gateway.Cluster.OnAppliedTimes = _ => null;
        await _gateway.Grpc.CallAsync<PutRequest, PutResponse>("etcdserverpb.KV", "Put", s_put);
        var line = await _lines.NextAsync();
        Assert.Equal(["gateway", "between-services", "answer"], line.Keys.Where(s_stages.Contains));
    }

    [Fact]
    public async Task Put_ThatFailed_SaysWhy()
    {
        _gateway.Cluster.NextError = StorageError.NoSpace;
        await Assert.ThrowsAsync<RpcException>(() => _gateway.Grpc.CallAsync<PutRequest, PutResponse>("etcdserverpb.KV", "Put", s_put));
        var line = await _lines.NextAsync();
        Assert.Equal("etcdserver: mvcc: database space exceeded", line["error"]);
        Assert.Equal(line["took"], line[(string)line["slowest"]!]);
    }

    [Fact]
    public async Task V2Put_ThatTookLong_IsToldOfToo()
    {
        using var response = await _gateway.Http.PutAsync("v2/keys/slow", new FormUrlEncodedContent([new("value", "x")]));
        var line = await _lines.NextAsync();
        Assert.Equal("PUT /v2/keys", line["request"]);
        Assert.Contains("between-services", line.Keys);
    }

    [Fact]
    public async Task Put_FasterThanTheLimit_IsNotToldOf()
    {
        var gateway = new PatientGateway();
        var lines = new LogLines(EventId);
        await gateway.InitializeAsync();
        gateway.Service<ILoggerFactory>().AddProvider(lines);
        gateway.Service<GatewayOptions>().WarningRequestDuration = TimeSpan.FromHours(1);
        await gateway.Grpc.CallAsync<PutRequest, PutResponse>("etcdserverpb.KV", "Put", s_put);
        gateway.Service<GatewayOptions>().WarningRequestDuration = TimeSpan.Zero;
        await gateway.Grpc.CallAsync<RangeRequest, RangeResponse>("etcdserverpb.KV", "Range", new RangeRequest { Key = s_put.Key });
        await gateway.Grpc.CallAsync<PutRequest, PutResponse>("etcdserverpb.KV", "Put", s_put);
        // The first line is that of the second put: the first one has had its chance before.
        Assert.Equal(gateway.Cluster.Index, (await lines.NextAsync())["index"]);
        Assert.False(lines.HasMore);
        await gateway.DisposeAsync();
    }

    private static TimeSpan Took(IReadOnlyDictionary<string, object?> line, string name)
    {
        Assert.True(GoDuration.TryParse((string)line[name]!, out TimeSpan took, out var complaint), complaint);
        return took;
    }

    private sealed class SuspiciousGateway : GatewayFixture
    {
        protected override GatewayOptions Options => new() { RequestTimeout = TimeSpan.FromMinutes(5), WarningRequestDuration = TimeSpan.Zero };
    }
}
