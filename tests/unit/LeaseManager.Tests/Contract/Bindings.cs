using LeaseManager.Client;
using LeaseManager.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace LeaseManager.Tests.Contract;

public sealed class InProcessLeaseManagerTests : LeaseManagerContractTests
{
    protected override ILeaseManager Bind(WebApplication app, string address) => app.Services.GetRequiredService<ILeaseManager>();
}

public sealed class GrpcLeaseManagerTests : LeaseManagerContractTests
{
    protected override ILeaseManager Bind(WebApplication app, string address) => new LeaseManagerClient(address);
}
