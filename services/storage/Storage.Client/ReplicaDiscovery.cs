using Storage.Contracts;

namespace Storage.Client;

/// <summary>
/// Looks up again and again which replicas a name stands for, and lets a <see cref="ReplicatedStorage"/> use those that have come. Each process ranks the
/// replicas by an order of its own and moves to the first one as soon as that has caught up: so the processes spread, and a replica that is added gets its share.
/// </summary>
internal sealed class ReplicaDiscovery : IDisposable
{
    private readonly ReplicatedStorage _storage;
    private readonly Func<CancellationToken, ValueTask<IReadOnlyList<string>>> _resolve;
    private readonly Func<string, IStorage> _connect;
    private readonly ulong _holder;
    private readonly CancellationTokenSource _ended = new();

    // By address; a place whose address is gone is given to the next that comes.
    private readonly Dictionary<string, int> _places = [];
    private readonly List<string> _gone = [];

    /// <param name="storage">What uses the replicas.</param>
    /// <param name="resolve">The addresses as of now.</param>
    /// <param name="connect">Makes the client of one address.</param>
    /// <param name="holder">The process, for its order of the replicas.</param>
    public ReplicaDiscovery(
        ReplicatedStorage storage, Func<CancellationToken, ValueTask<IReadOnlyList<string>>> resolve, Func<string, IStorage> connect, ulong holder) =>
        (_storage, _resolve, _connect, _holder) = (storage, resolve, connect, holder);

    /// <summary>Where the replica of an address stands in the order of a process: higher comes first.</summary>
    public static int Score(ulong holder, string address) => HashCode.Combine(holder, address);

    /// <summary>Looks until disposed.</summary>
    /// <param name="interval">Time between two looks.</param>
    /// <param name="time">Its clock.</param>
    public async Task RunAsync(TimeSpan interval, TimeProvider time)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            do
                await LookAsync(_ended.Token).ConfigureAwait(false);
            while (await timer.WaitForNextTickAsync(_ended.Token).ConfigureAwait(false));
        }
        catch (Exception exception) when (_ended.IsCancellationRequested && (exception is OperationCanceledException || ReplicatedStorage.IsReplicaFailure(exception)))
        {
            // Disposed.
        }
    }

    /// <summary>One look.</summary>
    public async ValueTask LookAsync(CancellationToken cancellation)
    {
        var found = await _resolve(cancellation).ConfigureAwait(false);
        foreach (var known in _places.Keys.Except(found).Except(_gone).ToList())
            _gone.Add(known);
        foreach (var address in found)
        {
            _gone.Remove(address);
            if (!_places.ContainsKey(address))
                _places.Add(address, Place(_connect(address)));
        }
        if (found.Count == 0)
            return;
        var first = found.MaxBy(address => Score(_holder, address))!;
        try
        {
            await _storage.MoveAsync(_places[first], cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (
            !cancellation.IsCancellationRequested && (exception is OperationCanceledException || ReplicatedStorage.IsReplicaFailure(exception)))
        {
            // It cannot be reached, or has not caught up: the one that serves goes on serving, and the next look tries again.
        }
    }

    public void Dispose() => _ended.Cancel();

    private int Place(IStorage replica)
    {
        // Not the place in use: who comes there has to catch up first.
        if (_gone.Find(address => _places[address] != _storage.Preferred) is not { } free)
            return _storage.Add(replica);
        _gone.Remove(free);
        _places.Remove(free, out var place);
        _storage.Replace(place, replica);
        return place;
    }
}
