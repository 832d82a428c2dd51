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
    // How patient callers are is theirs to say here: what a client makes of a hub that is silent or not there has tests of its own.
    protected override IWatchHub Bind(WebApplication app, string address) => new WatchHubClient(
        address, options: new WatchHubClientOptions { OpenLimit = TimeSpan.FromMinutes(1), SilenceLimit = TimeSpan.FromMinutes(1) });
}
