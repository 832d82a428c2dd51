using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using WatchHub.Host;

namespace WatchHub.Tests.Hubs;

/// <summary>
/// A hub behind gRPC and a relay of its own, which can be cut (connections are reset) or frozen (they stand, and nothing comes: what a stopped process looks like).
/// </summary>
internal sealed class HubServer : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly TcpListener _relay = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _sockets = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly IPEndPoint _target;
    private volatile bool _isFrozen;
    private bool _isCut;

    private HubServer(WebApplication server)
    {
        _server = server;
        _target = IPEndPoint.Parse(new Uri(server.Urls.Single()).Authority);
        _relay.Start();
        _ = AcceptAsync();
    }

    public string Address => $"http://{_relay.LocalEndpoint}";

    public static async Task<HubServer> StartAsync(IStorage storage, WatchHubOptions? options = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 100_000;
            kestrel.Listen(IPAddress.Loopback, 0, static endpoint => endpoint.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddGrpc(static grpc => grpc.MaxSendMessageSize = null);
        builder.Services.AddSingleton(storage);
        builder.Services.AddSingleton(options ?? new WatchHubOptions());
        builder.Services.AddWatchHub(builder.Configuration);
        var server = builder.Build();
        server.MapWatchHub();
        await server.StartAsync();
        return new HubServer(server);
    }

    /// <summary>As a signal does.</summary>
    public Task StopAsync() => _server.StopAsync();

    public void Freeze() => _isFrozen = true;

    /// <summary>Resets every connection, and refuses new ones.</summary>
    public void Cut()
    {
        _relay.Stop();
        lock (_sockets)
        {
            _isCut = true;
            foreach (var socket in _sockets)
                socket.Close(timeout: 0);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Cut();
        await _ended.CancelAsync();
        await _server.DisposeAsync();
        _relay.Dispose();
        _ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _relay.AcceptSocketAsync(_ended.Token);
                var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await server.ConnectAsync(_target, _ended.Token);
                lock (_sockets)
                {
                    _sockets.AddRange([client, server]);
                    if (_isCut)
                    {
                        _sockets.ForEach(static socket => socket.Close(timeout: 0));
                        return;
                    }
                }
                _ = PumpAsync(client, server);
                _ = PumpAsync(server, client);
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Cut.
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _ended.Token) is > 0 and var read)
            {
                if (_isFrozen)
                    await Task.Delay(Timeout.Infinite, _ended.Token);
                await to.SendAsync(buffer.AsMemory(0, read), _ended.Token);
            }
            // The end goes on to the other side.
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Cut, on one side or the other.
        }
    }
}
