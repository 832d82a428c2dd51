using System.Threading.Tasks.Sources;
using Consensus.Contracts;

namespace Consensus.Host.Tail;

/// <summary>The published commit index, and who waits for it to move. Waking costs no allocation.</summary>
internal sealed class CommitSignal
{
    private readonly Lock _gate = new();
    private readonly List<Waiter> _waiting = [];
    private ulong _commit;
    private string? _closed;

    public LogIndex Commit => new(Volatile.Read(ref _commit));

    /// <summary>Publishes a higher commit index. Everything up to it can be read from the log by now.</summary>
    public void Publish(LogIndex commit)
    {
        lock (_gate)
        {
            if (commit.Value <= _commit)
                return;
            Volatile.Write(ref _commit, commit.Value);
            for (var i = _waiting.Count - 1; i >= 0; i--)
            {
                if (_waiting[i].Target > commit.Value)
                    continue;
                var waiter = _waiting[i];
                _waiting.RemoveAt(i);
                waiter.Complete(commit);
            }
        }
    }

    /// <summary>Ends all waiting, now and later.</summary>
    public void Close(string reason)
    {
        lock (_gate)
        {
            _closed = reason;
            foreach (var waiter in _waiting)
                waiter.Fail(new LogUnavailableException(reason));
            _waiting.Clear();
        }
    }

    /// <summary>A waiter for one tail, to be disposed with it.</summary>
    public Waiter Subscribe(CancellationToken cancellation) => new(this, cancellation);

    /// <summary>Waits for one tail, again and again, one wait at a time.</summary>
    public sealed class Waiter : IValueTaskSource<LogIndex>, IDisposable
    {
        private readonly CommitSignal _signal;
        private readonly CancellationToken _cancellation;
        private readonly CancellationTokenRegistration _registration;

        // Continuations never run on the log thread, nor under the signal's lock.
        private ManualResetValueTaskSourceCore<LogIndex> _core = new() { RunContinuationsAsynchronously = true };

        internal Waiter(CommitSignal signal, CancellationToken cancellation)
        {
            _signal = signal;
            _cancellation = cancellation;
            _registration = cancellation.UnsafeRegister(static state => ((Waiter)state!).Cancel(), this);
        }

        internal ulong Target { get; private set; }

        /// <summary>The commit index, once it is at least <paramref name="target"/>.</summary>
        public ValueTask<LogIndex> ReachedAsync(LogIndex target)
        {
            lock (_signal._gate)
            {
                _cancellation.ThrowIfCancellationRequested();
                if (_signal._closed is not null)
                    throw new LogUnavailableException(_signal._closed);
                if (target.Value <= _signal._commit)
                    return new(new LogIndex(_signal._commit));
                Target = target.Value;
                _core.Reset();
                _signal._waiting.Add(this);
                return new(this, _core.Version);
            }
        }

        public void Dispose() => _registration.Dispose();

        // Both under the signal's lock.
        internal void Complete(LogIndex commit) => _core.SetResult(commit);
        internal void Fail(Exception error) => _core.SetException(error);

        private void Cancel()
        {
            lock (_signal._gate)
            {
                if (_signal._waiting.Remove(this))
                    Fail(new OperationCanceledException(_cancellation));
            }
        }

        LogIndex IValueTaskSource<LogIndex>.GetResult(short token) => _core.GetResult(token);
        ValueTaskSourceStatus IValueTaskSource<LogIndex>.GetStatus(short token) => _core.GetStatus(token);
        void IValueTaskSource<LogIndex>.OnCompleted(
            Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);
    }
}
