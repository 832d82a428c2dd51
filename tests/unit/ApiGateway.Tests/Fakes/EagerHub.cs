using System.Threading.Channels;
using WatchHub.Contracts;

namespace ApiGateway.Tests.Fakes;

/// <summary>A hub where every watch is created and canceled at once, and nothing ever happens.</summary>
internal sealed class EagerHub : IWatchHub
{
    public ValueTask<IWatchSession> OpenSessionAsync(CancellationToken cancellation) => new(new Session());

    private sealed class Session : IWatchSession
    {
        private readonly Channel<WatchMessage> _messages = Channel.CreateUnbounded<WatchMessage>();

        public bool HasRoom => true;

        public ValueTask WaitForRoomAsync(CancellationToken cancellation) => default;

        public void Create(WatchSpec watch) => _messages.Writer.TryWrite(Messages.Created(watch.WatchId, 9));

        public void Cancel(long watchId) => _messages.Writer.TryWrite(Messages.Canceled(watchId, 9));

        public void RequestProgress() => _messages.Writer.TryWrite(Messages.Progress(-1, 9));

        public ValueTask<bool> WaitToReadAsync(CancellationToken cancellation) => _messages.Reader.WaitToReadAsync(cancellation);

        public int TryRead(Span<WatchMessage> messages)
        {
            var count = 0;
            while (count < messages.Length && _messages.Reader.TryRead(out messages[count]))
                count++;
            return count;
        }

        public ValueTask DisposeAsync()
        {
            _messages.Writer.TryComplete();
            return default;
        }
    }
}
