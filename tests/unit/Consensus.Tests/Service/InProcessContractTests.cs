using Consensus.Host.Service;

namespace Consensus.Tests.Service;

public sealed class InProcessContractTests : ConsensusContractTests
{
    private ConsensusService _service = null!;

    public override async Task InitializeAsync() => Log = _service = await StartedAsync(await ConsensusService.StartAsync(Options));

    public override async Task DisposeAsync() => await _service.DisposeAsync();

    protected override Task StopLogAsync() => _service.DisposeAsync().AsTask();
}
