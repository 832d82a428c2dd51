using LeaseManager.Client.Routing;
using LeaseManager.Contracts;

namespace LeaseManager.Client.Replicated;

/// <summary>Finds the active one of several managers by asking all of them at once, each again as soon as it has said no. One search at a time.</summary>
internal sealed class ActiveSearch(
    Func<CancellationToken, ValueTask<IReadOnlyList<string>>> resolve, Func<string, ILeaseManager> connect, RoutedLeaseManagerOptions options, TimeProvider time)
    : IAsyncDisposable
{
    // Clients of all addresses of the last look.
    private readonly Dictionary<string, ILeaseManager> _managers = [];

    /// <exception cref="LeaseManagerNotActiveException">None was active within <see cref="RoutedLeaseManagerOptions.CallTimeout"/>.</exception>
    public async Task<ILeaseManager> RunAsync(CancellationToken disposed)
    {
        // The caller holds a lock.
        await Task.Yield();
        var found = new TaskCompletionSource<ILeaseManager>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var patience = new CancellationTokenSource(options.CallTimeout, time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(disposed, patience.Token);
        var asking = new Dictionary<ILeaseManager, Task>();
        try
        {
            while (true)
            {
                await LookUpAsync(over.Token).ConfigureAwait(false);
                foreach (var manager in _managers.Values)
                    if (!asking.ContainsKey(manager))
                        asking.Add(manager, AskAsync(manager, found, over.Token));
                var look = Task.Delay(options.Attempt, time, over.Token);
                if (await Task.WhenAny(found.Task, look).ConfigureAwait(false) == found.Task)
                    return await found.Task.ConfigureAwait(false);
                over.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (!disposed.IsCancellationRequested)
        {
            throw new LeaseManagerNotActiveException($"none of {_managers.Count} lease managers is active");
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(asking.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var manager in _managers.Values)
            await DisposeAsync(manager).ConfigureAwait(false);
        _managers.Clear();
    }

    private async Task LookUpAsync(CancellationToken over)
    {
        var addresses = await resolve(over).AsTask().WaitAsync(over).ConfigureAwait(false);
        // Nobody answers for the name: they are looked for where they were.
        if (addresses.Count == 0)
            return;
        foreach (var gone in _managers.Keys.Except(addresses).ToList())
            if (_managers.Remove(gone, out var manager))
                await DisposeAsync(manager).ConfigureAwait(false);
        foreach (var address in addresses)
            if (!_managers.ContainsKey(address))
                _managers.Add(address, connect(address));
    }

    private async Task AskAsync(ILeaseManager manager, TaskCompletionSource<ILeaseManager> found, CancellationToken over)
    {
        var wait = options.RetryMin;
        while (!found.Task.IsCompleted)
        {
            using var attempt = new CancellationTokenSource(options.Attempt, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(attempt.Token, over);
            try
            {
                // Of any lease: what counts is that it answers.
                await manager.TimeToLiveAsync(0, default, both.Token).AsTask().WaitAsync(both.Token).ConfigureAwait(false);
                found.TrySetResult(manager);
                return;
            }
            catch (Exception notActive) when (notActive is LeaseManagerNotActiveException or ObjectDisposedException
                || (notActive is OperationCanceledException && !over.IsCancellationRequested))
            {
                await Task.Delay(wait, time, over).ConfigureAwait(false);
                wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, options.RetryMax.Ticks));
            }
        }
    }

    private static async ValueTask DisposeAsync(ILeaseManager manager)
    {
        if (manager is IAsyncDisposable client)
            await client.DisposeAsync().ConfigureAwait(false);
    }
}
