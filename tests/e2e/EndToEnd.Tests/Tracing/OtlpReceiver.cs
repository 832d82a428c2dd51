using System.Buffers.Binary;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EndToEnd.Tests.Tracing;

/// <summary>A collector that only keeps spans: OTLP over HTTP with protobuf bodies on one loopback port, over gRPC on another.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    private const int FrameHeadBytes = 5;

    private readonly WebApplication _app;
    private readonly Lock _guard = new();
    private readonly List<Span> _spans = [];

    private OtlpReceiver(WebApplication app) => _app = app;

    /// <summary>Where it takes gRPC, host and port.</summary>
    public string GrpcAddress => new Uri(_app.Urls.Last()).Authority;

    /// <summary>The variables that make a process export to it, at once and everything.</summary>
    public IReadOnlyDictionary<string, string?> Variables => new Dictionary<string, string?>
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _app.Urls.First(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_TRACES_SAMPLER"] = "always_on",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
    };

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders(); // Its requests would drown what the tests say.
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, port => port.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, port => port.Protocols = HttpProtocols.Http2);
        });
        var app = builder.Build();
        var receiver = new OtlpReceiver(app);
        app.MapPost("/v1/traces", receiver.TakeAsync);
        app.MapPost("/opentelemetry.proto.collector.trace.v1.TraceService/Export", receiver.TakeCallAsync);
        app.MapPost("/v1/metrics", () => Results.Bytes([], "application/x-protobuf"));
        await app.StartAsync();
        return receiver;
    }

    /// <summary>Every span received so far.</summary>
    public IReadOnlyList<Span> Spans()
    {
        lock (_guard)
            return [.. _spans];
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task<IResult> TakeAsync(HttpRequest request)
    {
        Keep(await ReadAsync(request));
        return Results.Bytes([], "application/x-protobuf"); // An empty ExportTraceServiceResponse: everything was taken.
    }

    // A unary call by hand: one frame each way, a byte that says "not compressed" and four of length before the message.
    private async Task TakeCallAsync(HttpContext call)
    {
        var frame = await ReadAsync(call.Request);
        Assert.Equal((0, frame.Length - FrameHeadBytes), (frame[0], BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(1))));
        Keep(frame[FrameHeadBytes..]);
        call.Response.ContentType = "application/grpc";
        await call.Response.Body.WriteAsync(new byte[FrameHeadBytes]);
        call.Response.AppendTrailer("grpc-status", "0");
    }

    private void Keep(byte[] message)
    {
        var spans = TraceMessages.Parse(message);
        lock (_guard)
            _spans.AddRange(spans);
    }

    private static async Task<byte[]> ReadAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        return body.ToArray();
    }
}
