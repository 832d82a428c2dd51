using Storage.Contracts;

namespace Storage.Client;

/// <summary>Reads: hedged, and repeated.</summary>
public sealed partial class ReplicatedStorage
{
    private async ValueTask<T> ReadAsync<TArguments, T>(
        TArguments arguments, Func<IStorage, TArguments, CancellationToken, ValueTask<T>> read, CancellationToken cancellation)
    {
        var at = Preferred;
        var first = StartAsync(read, at, arguments, cancellation);
        if (first.IsCompletedSuccessfully)
            return first.Result;
        var attempt = first.AsTask();
        await ((Task)attempt).WaitAsync(_options.HedgeAfter, _time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return attempt.IsCompletedSuccessfully
            ? attempt.Result
            : await ReadElsewhereAsync(at, attempt, arguments, read, cancellation).ConfigureAwait(false);
    }

    // Asks one replica after the other, each when the ones before it have failed or kept silent; the first answer wins.
    private async Task<T> ReadElsewhereAsync<TArguments, T>(
        int first, Task<T> attempt, TArguments arguments, Func<IStorage, TArguments, CancellationToken, ValueTask<T>> read,
        CancellationToken cancellation)
    {
        var started = _time.GetTimestamp();
        using var decided = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pending = new Dictionary<Task<T>, int> { [attempt] = first };
        var last = first;
        try
        {
            while (true)
            {
                Exception? failure = null;
                foreach (var (task, at) in pending.ToArray())
                {
                    if (!task.IsCompleted)
                        continue;
                    if (task.IsCompletedSuccessfully)
                    {
                        Prefer(at, insteadOf: first);
                        return task.Result;
                    }
                    pending.Remove(task);
                    cancellation.ThrowIfCancellationRequested();
                    failure = task.Exception?.InnerException ?? new TaskCanceledException(task);
                    if (!IsReplicaFailure(failure) && failure is not OperationCanceledException)
                        await task.ConfigureAwait(false); // throws it as it is
                    Leave(at);
                }
                cancellation.ThrowIfCancellationRequested();
                if (pending.Count == 0 && _time.GetElapsedTime(started) > _options.GiveUpAfter)
                    throw failure!;
                // After a round of failures the replicas get some time; while others are still silent the next one is asked at once.
                if (pending.Count == 0 && (last + 1) % Replicas.Length == first)
                    await Task.Delay(_options.RetryInterval, _time, cancellation).ConfigureAwait(false);
                if (pending.Count < Replicas.Length)
                {
                    do
                        last = (last + 1) % Replicas.Length;
                    while (pending.ContainsValue(last));
                    pending.Add(StartAsync(read, last, arguments, decided.Token).AsTask(), last);
                }
                var patience = Task.Delay(_options.HedgeAfter, _time, decided.Token);
                await Task.WhenAny(pending.Keys.Append<Task>(patience)).ConfigureAwait(false);
            }
        }
        finally
        {
            await decided.CancelAsync().ConfigureAwait(false);
            foreach (var task in pending.Keys)
                _ = ObserveAsync(task);
        }
    }

    // A call may also throw before it returns.
    private async ValueTask<T> StartAsync<TArguments, T>(
        Func<IStorage, TArguments, CancellationToken, ValueTask<T>> read, int at, TArguments arguments, CancellationToken cancellation) =>
        await read(Replicas[at], arguments, cancellation).ConfigureAwait(false);

    // The loser of a race: how it ends is of no interest any more.
    private static async Task ObserveAsync(Task loser) => await loser.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
