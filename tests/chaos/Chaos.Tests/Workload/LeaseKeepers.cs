namespace Chaos.Tests.Workload;

/// <summary>Several leases that are kept alive.</summary>
public sealed class LeaseKeepers : IAsyncDisposable
{
    private readonly List<LeaseKeeper> _keepers = [];

    /// <summary>Some more.</summary>
    /// <param name="count">How many.</param>
    /// <param name="connect">Makes the client of each, by its number; the first of all has 0.</param>
    /// <param name="prefix">Their keys begin with it and end with their numbers.</param>
    public async Task AddAsync(int count, Func<int, IEtcdConnection> connect, string prefix)
    {
        for (var end = _keepers.Count + count; _keepers.Count < end;)
            _keepers.Add(await LeaseKeeper.StartAsync(connect(_keepers.Count), $"{prefix}{_keepers.Count}"));
    }

    /// <summary>Fails unless each was kept alive all the time, and its key is there.</summary>
    public async Task CheckAsync()
    {
        foreach (var keeper in _keepers)
            await keeper.CheckAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var keeper in _keepers)
            await keeper.DisposeAsync();
    }
}
