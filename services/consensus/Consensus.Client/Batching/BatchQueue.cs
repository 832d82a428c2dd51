namespace Consensus.Client.Batching;

/// <summary>
/// Many producers, one consumer that always takes everything: what waits while one batch is on its way is the next batch.
/// </summary>
/// <remarks>
/// Bounded in items and bytes. When full, producers wait in order; a single item larger than the bound enters an empty queue.
/// The consumer is woken through a callback when the queue stops being empty, outside of the lock.
/// </remarks>
public sealed class BatchQueue<T>(int maxItems, long maxBytes, Action wake)
{
    private sealed class Waiter(T item, int bytes) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public T Item { get; } = item;
        public int Bytes { get; } = bytes;
    }

    private readonly Lock _gate = new();
    private readonly Queue<Waiter> _waiters = new();
    private List<T> _items = [];
    private long _bytes;
    private Func<Exception>? _closed;

    /// <summary>Items in the queue, waiting producers not counted.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _items.Count;
        }
    }

    /// <summary>Adds an item; completes synchronously while there is room.</summary>
    /// <param name="item">The item.</param>
    /// <param name="bytes">What it counts against the bound.</param>
    /// <param name="cancellation">Gives up waiting for room; the item is not added then.</param>
    public ValueTask EnqueueAsync(T item, int bytes, CancellationToken cancellation)
    {
        var wasEmpty = false;
        Waiter? waiter = null;
        lock (_gate)
        {
            if (_closed is not null)
                throw _closed();
            if (_waiters.Count == 0 && HasRoom(bytes))
            {
                wasEmpty = _items.Count == 0;
                Add(item, bytes);
            }
            else
            {
                cancellation.ThrowIfCancellationRequested();
                _waiters.Enqueue(waiter = new Waiter(item, bytes));
            }
        }
        if (wasEmpty)
            wake();
        return waiter is null ? default : new ValueTask(WaitAsync(waiter, cancellation));
    }

    /// <summary>
    /// Takes everything and hands back the list emptied by the consumer to be filled again.
    /// </summary>
    /// <param name="items">In: an empty list that the consumer no longer needs. Out: the items, possibly none.</param>
    public void Drain(ref List<T> items)
    {
        var admitted = false;
        lock (_gate)
        {
            (items, _items) = (_items, items);
            _bytes = 0;
            while (_waiters.TryPeek(out var waiter) && HasRoom(waiter.Bytes))
            {
                _waiters.Dequeue();
                // False when its producer has given up.
                if (!waiter.TrySetResult())
                    continue;
                Add(waiter.Item, waiter.Bytes);
                admitted = true;
            }
        }
        if (admitted)
            wake();
    }

    /// <summary>Refuses producers from now on, the waiting ones too, with what <paramref name="reason"/> makes.</summary>
    public void Close(Func<Exception> reason)
    {
        lock (_gate)
        {
            _closed ??= reason;
            while (_waiters.TryDequeue(out var waiter))
                waiter.TrySetException(reason());
        }
        wake();
    }

    private bool HasRoom(int bytes) => _items.Count == 0 || (_items.Count < maxItems && _bytes + bytes <= maxBytes);

    private void Add(T item, int bytes)
    {
        _items.Add(item);
        _bytes += bytes;
    }

    private static async Task WaitAsync(Waiter waiter, CancellationToken cancellation)
    {
        using var registration = cancellation.UnsafeRegister(
            static (state, token) => ((Waiter)state!).TrySetCanceled(token), waiter);
        await waiter.Task.ConfigureAwait(false);
    }
}
