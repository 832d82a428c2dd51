using System.Collections.Concurrent;
using System.Diagnostics;
using ApiGateway.Tests.Fakes;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace ApiGateway.Tests.Host;

/// <summary>One trace from the caller through the gateway into the log; nothing when nobody listens.</summary>
public sealed class TracingTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    private static readonly PutRequest s_put = new() { Key = ByteString.CopyFromUtf8("traced") };

    [Fact]
    public async Task Put_WithTraceparent_SpanIsItsChildAndTravelsInTheCommand()
    {
        var trace = ActivityTraceId.CreateRandom();
        var caller = ActivitySpanId.CreateRandom();
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Distributed.Gateway",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.TraceId == trace
                ? ActivitySamplingResult.AllDataAndRecorded
                : ActivitySamplingResult.None,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await gateway.Grpc.CallAsync<PutRequest, PutResponse>(
            "etcdserverpb.KV", "Put", s_put, new Metadata { { "traceparent", $"00-{trace}-{caller}-01" } });

        var envelope = gateway.Cluster.Proposed.Last();
        Assert.Equal(trace, envelope.Trace.TraceId);
        await Wait.UntilAsync(() => !spans.IsEmpty);
        Assert.True(spans.TryDequeue(out var span));
        Assert.Equal(("etcdserverpb.KV/Put", ActivityKind.Server), (span.OperationName, span.Kind));
        Assert.Equal((caller, trace), (span.ParentSpanId, span.TraceId));
        Assert.Equal(span.SpanId, envelope.Trace.SpanId);
    }

    [Fact]
    public async Task Put_NotSampled_CommandCarriesNothing()
    {
        await gateway.Grpc.CallAsync<PutRequest, PutResponse>("etcdserverpb.KV", "Put", s_put);
        Assert.Equal(default, gateway.Cluster.Proposed.Last().Trace);
    }
}
