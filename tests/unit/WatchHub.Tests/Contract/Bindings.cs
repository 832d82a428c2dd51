using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using WatchHub.Client;
using WatchHub.Contracts;

namespace WatchHub.Tests.Contract;

public sealed class InProcessWatchHubTests : WatchHubContractTests
{
    protected override IWatchHub Bind(WebApplication app, string address) => app.Services.GetRequiredService<IWatchHub>();
}

public sealed class GrpcWatchHubTests : WatchHubContractTests
{
    protected override IWatchHub Bind(WebApplication app, string address) => new WatchHubClient(address);
}
