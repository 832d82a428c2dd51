using System.Net;
using Consensus.Client;
using Consensus.Host;
using Consensus.Host.Service;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Consensus.Tests.Service;

/// <summary>The same promises over gRPC, cleartext HTTP/2 on loopback.</summary>
public sealed class GrpcContractTests : ConsensusContractTests
{
    private WebApplication _app = null!;
    private ConsensusClient _client = null!;

    public override async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(grpc => { grpc.MaxReceiveMessageSize = null; grpc.MaxSendMessageSize = null; });
        builder.Services.AddConsensus(Options);
        _app = builder.Build();
        _app.MapConsensus();
        await _app.StartAsync();
        await StartedAsync(_app.Services.GetRequiredService<ConsensusService>());
        Log = _client = ConsensusClient.Connect(_app.Urls.First());
    }

    public override async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    protected override async Task StopLogAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
