namespace WatchHub.Client.Sessions;

/// <summary>
/// Counts the requests that a session has been given and that are still on their way, and lets those who give wait while they are many or long. Thread-safe.
/// </summary>
public sealed class RequestRoom
{
    private readonly int _maxRequests;
    private readonly long _maxBytes;
    private readonly Lock _gate = new();
    private int _requests;
    private long _bytes;
    private bool _ended;
    private TaskCompletionSource? _room;

    /// <param name="maxRequests">There is room below so many requests,</param>
    /// <param name="maxBytes">and below so many bytes of them.</param>
    public RequestRoom(int maxRequests, long maxBytes) => (_maxRequests, _maxBytes) = (maxRequests, maxBytes);

    /// <summary>True when more requests are welcome. A session that has ended takes all, to forget them.</summary>
    public bool HasRoom
    {
        get
        {
            lock (_gate)
                return IsRoom();
        }
    }

    /// <summary>A request of so many bytes has been given.</summary>
    public void Add(long bytes)
    {
        lock (_gate)
        {
            _requests++;
            _bytes += bytes;
        }
    }

    /// <summary>A request of so many bytes has arrived.</summary>
    public void Remove(long bytes)
    {
        lock (_gate)
        {
            _requests--;
            _bytes -= bytes;
            Tell();
        }
    }

    /// <summary>The session has ended: nobody waits any more.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            Tell();
        }
    }

    /// <summary>Completes once there is room.</summary>
    public ValueTask WaitAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (IsRoom())
                return default;
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_room.Task.WaitAsync(cancellation));
        }
    }

    private bool IsRoom() => _ended || (_requests < _maxRequests && _bytes < _maxBytes);

    private void Tell()
    {
        if (_room is null || !IsRoom())
            return;
        _room.SetResult();
        _room = null;
    }
}
