using System.Collections.Concurrent;
using System.Threading.Channels;
using WatchHub.Contracts;

namespace ApiGateway.Tests.Fakes;

/// <summary>A hub whose sessions say what the test says.</summary>
internal sealed class FakeHub : IWatchHub
{
    private readonly Channel<Session> _sessions = Channel.CreateUnbounded<Session>();

    public ValueTask<IWatchSession> OpenSessionAsync(CancellationToken cancellation)
    {
        var session = new Session();
        _sessions.Writer.TryWrite(session);
        return new(session);
    }

    /// <summary>The next session that the gateway opens, or has opened.</summary>
    public async Task<Session> NextSessionAsync() => await _sessions.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));

    internal sealed class Session : IWatchSession
    {
        private readonly Channel<WatchMessage> _messages = Channel.CreateUnbounded<WatchMessage>();
        private readonly Channel<WatchSpec> _specs = Channel.CreateUnbounded<WatchSpec>();
        private readonly TaskCompletionSource _waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile TaskCompletionSource? _room;

        public ConcurrentQueue<long> Canceled { get; } = new();

        public int ProgressRequests { get; private set; }

        public async Task<WatchSpec> NextSpecAsync() => await _specs.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));

        public bool TryNextSpec(out WatchSpec? spec) => _specs.Reader.TryRead(out spec);

        public void Say(params WatchMessage[] messages)
        {
            foreach (var message in messages)
                _messages.Writer.TryWrite(message);
        }

        public void End() => _messages.Writer.TryComplete();

        /// <summary>Until <see cref="MakeRoom"/> it wants no more requests.</summary>
        public void BeFull() => _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void MakeRoom() => _room?.TrySetResult();

        public bool HasRoom => _room?.Task.IsCompleted ?? true;

        public async ValueTask WaitForRoomAsync(CancellationToken cancellation)
        {
            if (_room is not { } room)
                return;
            _waiting.TrySetResult();
            await room.Task.WaitAsync(cancellation);
        }

        /// <summary>Completes when somebody has begun to wait for room.</summary>
        public Task SomebodyWaitsAsync() => _waiting.Task.WaitAsync(TimeSpan.FromSeconds(10));

        public void Create(WatchSpec watch) => _specs.Writer.TryWrite(watch);

        public void Cancel(long watchId)
        {
            Canceled.Enqueue(watchId);
            Say(Messages.Canceled(watchId, 9));
        }

        public void RequestProgress()
        {
            ProgressRequests++;
            Say(Messages.Progress(-1, 9));
        }

        public ValueTask<bool> WaitToReadAsync(CancellationToken cancellation) => _messages.Reader.WaitToReadAsync(cancellation);

        public int TryRead(Span<WatchMessage> messages)
        {
            var count = 0;
            while (count < messages.Length && _messages.Reader.TryRead(out messages[count]))
                count++;
            return count;
        }

        public ValueTask DisposeAsync() => default;
    }
}
