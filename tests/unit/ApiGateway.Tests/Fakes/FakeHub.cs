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

        public ConcurrentQueue<long> Canceled { get; } = new();

        public int ProgressRequests { get; private set; }

        public async Task<WatchSpec> NextSpecAsync() => await _specs.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));

        public void Say(params WatchMessage[] messages)
        {
            foreach (var message in messages)
                _messages.Writer.TryWrite(message);
        }

        public void End() => _messages.Writer.TryComplete();

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
