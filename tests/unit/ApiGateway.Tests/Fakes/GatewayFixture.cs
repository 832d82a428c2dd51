using System.Net;
using ApiGateway.Host;
using ApiGateway.Host.ClientPort;
using Consensus.Contracts;
using Grpc.Core;
using Grpc.Net.Client;
using LeaseManager.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using WatchHub.Contracts;

namespace ApiGateway.Tests.Fakes;

/// <summary>A gateway over fakes on a loopback port, with a gRPC and an HTTP client.</summary>
public class GatewayFixture : IAsyncLifetime
{
    private WebApplication? _app;
    private GrpcChannel? _channel;

    internal FakeCluster Cluster { get; } = new();

    internal FakeHub Hub { get; } = new();

    /// <summary>What the gateway watches through.</summary>
    private protected virtual IWatchHub HubInUse => Hub;

    internal FakeLeases Leases { get; } = new();

    protected virtual GatewayOptions Options => new();

    internal ClientPortListener Port { get; private set; } = null!;

    public IPEndPoint Address => (IPEndPoint)Port.LocalEndPoint;

    public CallInvoker Grpc => _channel!.CreateCallInvoker();

    public HttpClient Http { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IConsensus>(Cluster).AddSingleton<IStorage>(Cluster);
        builder.Services.AddSingleton(HubInUse).AddSingleton<ILeaseManager>(Leases);
        builder.Services.AddApiGateway(Options);
        Port = builder.AddEtcdClientPort(new IPEndPoint(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.MapApiGateway();
        await _app.StartAsync();
        _channel = GrpcChannel.ForAddress($"http://{Address}", new GrpcChannelOptions { MaxSendMessageSize = null });
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://{Address}") };
    }

    /// <summary>Stops it while its clients are there.</summary>
    public Task StopAsync() => _app!.StopAsync();

    /// <summary>A part of the running gateway.</summary>
    public T Service<T>()
        where T : notnull => _app!.Services.GetRequiredService<T>();

    public async Task DisposeAsync()
    {
        Http.Dispose();
        _channel!.Dispose();
        await _app!.StopAsync(new CancellationTokenSource(TimeSpan.FromSeconds(5)).Token);
        await _app.DisposeAsync();
    }
}

/// <summary>A gateway whose requests outlast any wait of a test, however slow the machine.</summary>
internal sealed class PatientGateway : GatewayFixture
{
    protected override GatewayOptions Options => new() { RequestTimeout = TimeSpan.FromMinutes(5) };
}

/// <summary>One that gives up soon: for tests of that. Not so soon that it gives up what is answered at once, where the machine is slow.</summary>
internal sealed class ImpatientGateway : GatewayFixture
{
    protected override GatewayOptions Options => new()
    {
        RequestTimeout = TimeSpan.FromSeconds(3),
        ElectionTimeout = TimeSpan.FromMilliseconds(50),
        ClusterRefreshPeriod = TimeSpan.FromMilliseconds(20),
        UnsettledRefreshPeriod = TimeSpan.FromMilliseconds(10),
    };
}
