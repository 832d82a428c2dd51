using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Storage.Client;
using Storage.Contracts;
using Storage.Host;
using Storage.Tests.Harness;
using Storage.Tests.Host;

namespace Storage.Tests.Client;

/// <summary>
/// A replica of a log behind gRPC and a relay of its own, which can be cut (the connection is reset) or frozen (the connection stands, and nothing comes: what a
/// stopped process looks like).
/// </summary>
internal sealed class ReplicaServer : IAsyncDisposable
{
    private readonly StorageService _service;
    private readonly WebApplication _server;
    private readonly TcpListener _relay = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _sockets = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly IPEndPoint _target;
    private volatile bool _isFrozen;
    private bool _isCut;

    private ReplicaServer(StorageService service, WebApplication server, SeverableLog log, RecordingSpace space)
    {
        (_service, _server, Log, Space) = (service, server, log, space);
        _target = IPEndPoint.Parse(new Uri(server.Urls.Single()).Authority);
        _relay.Start();
        _ = AcceptAsync();
    }

    /// <summary>This replica's way to the log.</summary>
    public SeverableLog Log { get; }

    /// <summary>The space of its data file.</summary>
    public RecordingSpace Space { get; }

    /// <summary>Of the replica itself, past the relay.</summary>
    public int Port => _target.Port;

    public StorageClient Connect() => StorageClient.Connect($"http://{_relay.LocalEndpoint}", new StorageClientOptions { EstablishLimit = TimeSpan.FromSeconds(5) });

    public static async Task<ReplicaServer> StartAsync(FakeConsensus log)
    {
        var way = new SeverableLog(log);
        var space = new RecordingSpace();
        var service = new StorageService(
            way, new StorageData(new MemoryTree { Space = space }, new NullDevice(), null), new StorageOptions(), TimeProvider.System,
            NullLogger<StorageService>.Instance, static (what, exception) => Assert.Fail($"{what}: {exception}"));
        service.Start();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(static kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, static endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<IStorage>(service);
        var server = builder.Build();
        server.MapStorage();
        await server.StartAsync();
        return new ReplicaServer(service, server, way, space);
    }

    public void Freeze() => _isFrozen = true;

    /// <summary>Resets every connection, and refuses new ones.</summary>
    public void Cut()
    {
        _relay.Stop();
        lock (_sockets)
        {
            _isCut = true;
            foreach (var socket in _sockets)
                Reset(socket);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Cut();
        await _ended.CancelAsync();
        await _server.DisposeAsync();
        await _service.DisposeAsync();
        _relay.Dispose();
        _ended.Dispose();
    }

    private static void Reset(Socket socket) => socket.Close(timeout: 0);

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
                    if (_isCut)
                    {
                        Reset(client);
                        Reset(server);
                        return;
                    }
                    _sockets.AddRange([client, server]);
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
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Cut, on one side or the other.
        }
    }
}
