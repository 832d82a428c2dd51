using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Storage.Client;
using Storage.Contracts;
using Storage.Host;

namespace Storage.Tests.Host;

/// <summary>The contract over gRPC, on a loopback port that the system chooses.</summary>
public sealed class GrpcStorageTests : StorageContractTests
{
    private WebApplication? _server;
    private StorageClient? _client;

    protected override async ValueTask<IStorage> BindAsync(StorageService service)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(static kestrel =>
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, static endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<IStorage>(service);
        _server = builder.Build();
        _server.MapStorage();
        await _server.StartAsync();
        return _client = StorageClient.Connect(
            _server.Urls.Single(), new StorageClientOptions { SilenceLimit = Patience, EstablishLimit = Patience });
    }

    protected override async ValueTask UnbindAsync()
    {
        _client?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [Fact]
    public async Task SubscribeResults_NobodyThere_BreaksAtOnce()
    {
        using var client = StorageClient.Connect("http://127.0.0.1:1");
        var sink = new RecordingSink();
        using var subscription = await client.SubscribeResultsAsync(Session, sink, CancellationToken.None);
        Assert.True(sink.Broken.IsCompleted);
    }

    [Fact]
    public async Task SubscribeResults_NobodyConfirms_WaitsWithoutAThreadUntilTheCallerGivesUp()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var client = StorageClient.Connect($"http://{silent.LocalEndpoint}");
        using var patience = new CancellationTokenSource();
        var sink = new RecordingSink();
        var subscribing = client.SubscribeResultsAsync(Session, sink, patience.Token).AsTask();
        Assert.False(subscribing.IsCompleted);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => subscribing);
        Assert.False(sink.Broken.IsCompleted);
    }

    [Fact]
    public async Task SubscribeResults_NobodyConfirmsInTime_Breaks()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var client = StorageClient.Connect($"http://{silent.LocalEndpoint}", new StorageClientOptions { EstablishLimit = TimeSpan.FromMilliseconds(50) });
        var sink = new RecordingSink();
        using var subscription = await client.SubscribeResultsAsync(Session, sink, CancellationToken.None);
        Assert.NotEmpty(await sink.Broken);
    }
}
