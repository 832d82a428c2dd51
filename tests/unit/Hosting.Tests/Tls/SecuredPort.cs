using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EndToEnd.Tests.Tools;
using Hosting.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hosting.Tests.Tls;

/// <summary>A server whose one port is secured; it answers with the common name of its client, or "nobody".</summary>
internal sealed class SecuredPort : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lines _log;

    private SecuredPort(WebApplication app, Lines log) => (_app, _log) = (app, log);

    private IPEndPoint EndPoint { get; set; } = null!;

    public static async Task<SecuredPort> StartAsync(TlsSettings settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var log = new Lines();
        builder.Logging.ClearProviders().AddProvider(log);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, port =>
        {
            port.Protocols = HttpProtocols.Http1AndHttp2;
            port.UseServerTls(settings, "client");
        }));
        var app = builder.Build();
        app.Run(static context => context.Response.WriteAsync(context.Features.Get<ClientIdentity>()?.CommonName ?? "nobody"));
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new(app, log) { EndPoint = new(IPAddress.Loopback, new Uri(address).Port) };
    }

    /// <summary>Waits for the log line of a connection that was refused; returns its reason.</summary>
    public async Task<string> RefusalAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!limit.IsCancellationRequested)
        {
            if (_log.Refusals.TryDequeue(out var error))
                return error;
            await Task.Delay(5);
        }
        throw new TimeoutException("no connection was refused");
    }

    /// <summary>One request on a connection of its own.</summary>
    /// <exception cref="IOException">It was not served, whichever way it heard of that.</exception>
    public async Task<Answer> AskAsync(CertificateAndKey? identity = null, string protocol = "http/1.1", SslProtocols versions = SslProtocols.None)
    {
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(EndPoint);
            await using var tls = new SslStream(socket.GetStream());
            using var shown = identity is null ? null : X509Certificate2.CreateFromPemFile(identity.CertFile, identity.KeyFile);
#pragma warning disable CA5359 // What it shows is for the test to judge.
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = versions,
                ApplicationProtocols = [new SslApplicationProtocol(protocol)],
                ClientCertificateContext = shown is null ? null : SslStreamCertificateContext.Create(shown, null, offline: true),
                RemoteCertificateValidationCallback = static (_, _, _, _) => true,
            });
#pragma warning restore CA5359
            var serial = ((X509Certificate2)tls.RemoteCertificate!).SerialNumber;
            var agreed = tls.NegotiatedApplicationProtocol.ToString();
            var body = protocol == "http/1.1" ? await BodyAsync(tls) : "";
            return new(serial, agreed, body);
        }
        catch (AuthenticationException refused)
        {
            throw new IOException("refused in the handshake", refused);
        }
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static async Task<string> BodyAsync(SslStream tls)
    {
        await tls.WriteAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(tls, Encoding.ASCII);
        var text = await reader.ReadToEndAsync();
        return text.Length > 0 ? text : throw new IOException("closed without an answer");
    }

    public sealed record Answer(string Serial, string Protocol, string Text)
    {
        // The first line of the body is the length of its one chunk.
        public string Name => Text.Split("\r\n\r\n", 2)[1].Split("\r\n")[1];
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Refusals { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception) == "rejected connection on client endpoint" && state is IReadOnlyList<KeyValuePair<string, object?>> fields)
                Refusals.Enqueue((string)fields.First(static field => field.Key == "error").Value!);
        }

        public void Dispose()
        {
        }
    }
}
