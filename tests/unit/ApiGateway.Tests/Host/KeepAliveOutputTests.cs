using System.IO.Pipelines;
using ApiGateway.Core.Headers;
using ApiGateway.Host;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Leases;
using ApiGateway.Host.Metrics;
using Consensus.Contracts;
using Grpc.Core;
using LeaseManager.Contracts;

namespace ApiGateway.Tests.Host;

/// <summary>Goal: answers that go past gRPC's own writer are counted as those that do not. Method: compare with the bytes that come out.</summary>
public sealed class KeepAliveOutputTests
{
    [Fact]
    public async Task Flush_SeveralAnswers_AreCountedWithoutTheirFrames()
    {
        var (body, metrics) = (new Pipe(), new GrpcMetrics(new GatewayOptions()));
        var output = new KeepAliveOutput(
            body.Writer, new ResponseHeaderWriter(1, 2), metrics.Of(LeaseMethods.ServiceName, "LeaseKeepAlive", MethodType.DuplexStreaming));

        output.Add(7, new KeepAliveResult(60, 5, new Term(2)));
        output.Add(8, new KeepAliveResult(0, 5, new Term(2)));
        Assert.Equal(0, metrics.SentBytes.Value);
        await output.FlushAsync(default);
        output.Add(9, new KeepAliveResult(60, 6, new Term(2)));
        await output.FlushAsync(default);

        var written = (await body.Reader.ReadAsync()).Buffer.Length;
        Assert.Equal(written - (3 * MessageFrame.PrefixBytes), metrics.SentBytes.Value);
    }
}
