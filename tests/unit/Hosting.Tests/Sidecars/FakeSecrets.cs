using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Hosting.Tests.Sidecars;

/// <summary>A sidecar's API of secrets, and nothing else of it.</summary>
internal sealed class FakeSecrets : IAsyncDisposable
{
    private const int PrefixLength = 5;

    private readonly WebApplication _server;
    private readonly Queue<Func<Task<(int Status, string Message)>>> _refusals = [];

    public FakeSecrets()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0, static endpoint => endpoint.Protocols = HttpProtocols.Http2));
        _server = builder.Build();
        _server.Run(AnswerAsync);
    }

    public string Address => _server.Urls.Single();

    public Task StartAsync() => _server.StartAsync();

    /// <summary>What it knows: store, secret, key, value.</summary>
    public List<(string Store, string Secret, string Key, string Value)> Known { get; } = [];

    /// <summary>What it was shown as its token, call by call.</summary>
    public List<string> Tokens { get; } = [];

    /// <summary>Refuses the next call.</summary>
    public void Refuse(int status, string message) => _refusals.Enqueue(() => Task.FromResult((status, message)));

    /// <summary>Does not answer the next call.</summary>
    public void Freeze() => _refusals.Enqueue(static () => new TaskCompletionSource<(int, string)>().Task);

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(new CancellationToken(canceled: true));
        await _server.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Assert.Equal("/dapr.proto.runtime.v1.Dapr/GetBulkSecret", context.Request.Path);
        Tokens.Add(context.Request.Headers["dapr-api-token"].ToString());
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var store = GetBulkSecretRequest.Parser.ParseFrom(body.ToArray().AsSpan(PrefixLength)).StoreName;
        var (status, message) = _refusals.TryDequeue(out var refusal) ? await refusal().WaitAsync(context.RequestAborted) : (0, "");
        context.Response.ContentType = "application/grpc";
        if (status == 0)
        {
            var answer = new GetBulkSecretResponse();
            foreach (var known in Known.Where(known => known.Store == store).GroupBy(static known => known.Secret))
            {
                var secret = answer.Data[known.Key] = new SecretResponse();
                foreach (var (_, _, key, value) in known)
                    secret.Secrets[key] = value;
            }
            var frame = new byte[PrefixLength + answer.CalculateSize()];
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), answer.CalculateSize());
            answer.WriteTo(frame.AsSpan(PrefixLength));
            await context.Response.Body.WriteAsync(frame);
        }
        context.Response.AppendTrailer("grpc-status", status.ToString(CultureInfo.InvariantCulture));
        context.Response.AppendTrailer("grpc-message", Uri.EscapeDataString(message));
    }
}
