namespace Storage.Host.Service;

/// <summary>Callers that wait until a compaction has been swept and the sweep committed. Thread-safe.</summary>
/// <param name="swept">Revision up to which that was so when the data file was opened.</param>
internal sealed class SweepWaiters(long swept)
{
    private readonly Lock _lock = new();
    private readonly HashSet<Waiter> _waiting = [];
    private long _swept = swept;
    private Exception? _ended;

    /// <summary>Someone waits: the next commit should not take its time.</summary>
    public bool IsAnyWaiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count > 0;
        }
    }

    /// <summary>Completes when everything up to the revision is swept and committed.</summary>
    public async ValueTask WaitAsync(long revision, CancellationToken cancellation)
    {
        var waiter = new Waiter(revision);
        lock (_lock)
        {
            if (_swept >= revision)
                return;
            if (_ended is not null)
                throw _ended;
            _waiting.Add(waiter);
        }
        try
        {
            await waiter.Done.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
                _waiting.Remove(waiter);
        }
    }

    /// <summary>A commit holds everything swept up to the revision.</summary>
    public void Wake(long swept)
    {
        lock (_lock)
        {
            if (swept <= _swept)
                return;
            _swept = swept;
            foreach (var waiter in _waiting)
                if (waiter.Revision <= swept)
                    waiter.Done.TrySetResult();
        }
    }

    /// <summary>Nothing more will be swept.</summary>
    public void End(Exception reason)
    {
        lock (_lock)
        {
            _ended = reason;
            foreach (var waiter in _waiting)
                waiter.Done.TrySetException(reason);
        }
    }

    private sealed class Waiter(long revision)
    {
        public long Revision { get; } = revision;
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
