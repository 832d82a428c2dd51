using Chaos.Tests.Harness.Programs;

namespace Chaos.Tests.Harness;

/// <summary>
/// A cluster for the scenarios of a class, one after the other: starting one takes longer than many a fault. Each leaves it whole, on keys of its own; after one that failed the next
/// gets a new cluster.
/// </summary>
public sealed class SharedCluster : IAsyncLifetime
{
    // Clients of one scenario, and with them its keys, are numbered from a multiple of it.
    private const int ClientsOfOne = 10_000;

    private ChaosCluster? _cluster;
    private int _scenarios;

    public Task InitializeAsync() => Task.CompletedTask;

    /// <summary>Runs a scenario; it gets the number of its first client.</summary>
    public async Task RunAsync(Func<ClusterProgram> program, Func<ChaosCluster, int, Task> scenario)
    {
        var cluster = _cluster ?? await ChaosCluster.StartAsync(program(), new ClusterOptions());
        _cluster = null;
        try
        {
            await scenario(cluster, _scenarios++ * ClientsOfOne);
            await cluster.AllHealthyAsync();
            _cluster = cluster;
        }
        finally
        {
            if (_cluster is null)
                await cluster.DisposeAsync();
        }
    }

    public async Task DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }
}
