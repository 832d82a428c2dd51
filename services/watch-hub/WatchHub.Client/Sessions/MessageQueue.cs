using System.Threading.Tasks.Sources;

namespace WatchHub.Client.Sessions;

/// <summary>
/// A queue from any number of writers to one reader, who waits without an allocation. It has no bound of its own: each of its two users
/// bounds what it puts in (the hub by the session's room, the client by <see cref="WaitForRoomAsync"/>).
/// </summary>
public sealed class MessageQueue<T> : IValueTaskSource<bool>
{
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _wait = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _canceling;
    private TaskCompletionSource? _room;
    private T[] _ring = new T[16];
    private int _head;
    private int _count;
    private int _roomBelow;
    private bool _waiting;
    private bool _ended;

    /// <summary>Adds items and wakes the reader once. Ignored after the end.</summary>
    public void Append(ReadOnlySpan<T> items)
    {
        bool wake;
        lock (_gate)
        {
            if (_ended || items.IsEmpty)
                return;
            Reserve(items.Length);
            var end = (_head + _count) & (_ring.Length - 1);
            var first = Math.Min(items.Length, _ring.Length - end);
            items[..first].CopyTo(_ring.AsSpan(end));
            items[first..].CopyTo(_ring);
            _count += items.Length;
            wake = TakeWaiter();
        }
        if (wake)
            Wake(true);
    }

    /// <summary>Ends the queue: what is in it can still be read, then <see cref="WaitToReadAsync"/> says false.</summary>
    public void End()
    {
        bool wake;
        lock (_gate)
        {
            if (_ended)
                return;
            _ended = true;
            wake = TakeWaiter();
            _room?.TrySetResult();
        }
        if (wake)
            Wake(false);
    }

    /// <summary>Takes as many items as there are and fit; says how many.</summary>
    public int TryRead(Span<T> items)
    {
        lock (_gate)
        {
            var taken = Math.Min(_count, items.Length);
            if (taken == 0)
                return 0;
            var first = Math.Min(taken, _ring.Length - _head);
            Take(_ring.AsSpan(_head, first), items);
            Take(_ring.AsSpan(0, taken - first), items[first..]);
            _head = (_head + taken) & (_ring.Length - 1);
            _count -= taken;
            if (_count < _roomBelow)
            {
                _roomBelow = 0;
                _room?.TrySetResult();
            }
            // After a burst, memory goes back: idle sessions are many.
            if (_count == 0 && _ring.Length > 1024)
                (_ring, _head) = (new T[16], 0);
            return taken;
        }
    }

    /// <summary>True when there is something to read, false at the end. One waiter at a time.</summary>
    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellation)
    {
        short version;
        lock (_gate)
        {
            if (_count > 0)
                return new ValueTask<bool>(true);
            if (_ended)
                return new ValueTask<bool>(false);
            if (cancellation.IsCancellationRequested)
                return ValueTask.FromCanceled<bool>(cancellation);
            if (_waiting)
                throw new InvalidOperationException("a session has one reader");
            _wait.Reset();
            version = _wait.Version;
            _waiting = true;
        }
        if (cancellation.CanBeCanceled)
            _canceling = cancellation.UnsafeRegister(static (queue, token) => ((MessageQueue<T>)queue!).CancelWait(token), this);
        return new ValueTask<bool>(this, version);
    }

    /// <summary>Completes once fewer than <paramref name="below"/> items are unread, or at the end.</summary>
    public Task WaitForRoomAsync(int below)
    {
        lock (_gate)
        {
            if (_count < below || _ended)
                return Task.CompletedTask;
            _roomBelow = below;
            _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task;
        }
    }

    bool IValueTaskSource<bool>.GetResult(short token)
    {
        // Not Dispose: that would wait for a cancellation callback which may be about to take the gate.
        _canceling.Unregister();
        return _wait.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    private void CancelWait(CancellationToken token)
    {
        bool wake;
        lock (_gate)
            wake = TakeWaiter();
        if (wake)
            _wait.SetException(new OperationCanceledException(token));
    }

    private bool TakeWaiter()
    {
        var waiting = _waiting;
        _waiting = false;
        return waiting;
    }

    private static void Take(Span<T> from, Span<T> to)
    {
        from.CopyTo(to);
        from.Clear();
    }

    private void Wake(bool more) => _wait.SetResult(more);

    private void Reserve(int more)
    {
        if (_count + more <= _ring.Length)
            return;
        var larger = new T[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(_count + more))];
        for (var i = 0; i < _count; i++)
            larger[i] = _ring[(_head + i) & (_ring.Length - 1)];
        (_ring, _head) = (larger, 0);
    }
}
