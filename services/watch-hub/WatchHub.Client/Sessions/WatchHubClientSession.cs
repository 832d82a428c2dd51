using System.Runtime.InteropServices;
using System.Threading.Channels;
using Grpc.Core;
using Liveness;
using WatchHub.Client.Hubs;
using WatchHub.Client.Wire;
using WatchHub.Contracts;

namespace WatchHub.Client.Sessions;

/// <summary>
/// One session over one duplex stream. When its reader falls behind, it stops taking batches from the stream: HTTP/2 flow control then stops
/// the hub's writer, and the hub's bounded buffer does the rest.
/// </summary>
internal sealed class WatchHubClientSession : IWatchSession, IHubSession
{
    // Messages unread here before the stream is left alone. They are small: event bytes are shared with the batch.
    private const int MaxUnread = 8192;

    // The same in bytes of events, but for one batch.
    private const int MaxUnreadBytes = 256 * 1024;

    // Requests not yet sent, beyond which callers are to wait: flow control of the stream has stopped them.
    private const int MaxUnsent = 1024;

    // The same in bytes of their keys: one more may be as long as a client's request.
    private const long MaxUnsentBytes = 1024 * 1024;

    private readonly AsyncDuplexStreamingCall<SessionRequest, SessionBatch> _call;
    private readonly MessageQueue<WatchMessage> _messages = new();
    private readonly RequestRoom _room = new(MaxUnsent, MaxUnsentBytes);

    // Bounded by who fills it, see RequestRoom.
    private readonly Channel<SessionRequest> _requests = Channel.CreateUnbounded<SessionRequest>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Action<WatchHubClientSession, int?> _reweigh;
    private Task _sending = Task.CompletedTask;
    private Task _receiving = Task.CompletedTask;
    private int _ended;

    /// <param name="call">The stream, which the hub has confirmed.</param>
    /// <param name="reweigh">Told how many watches there are more or fewer, and null when the session has ended.</param>
    public WatchHubClientSession(AsyncDuplexStreamingCall<SessionRequest, SessionBatch> call, Action<WatchHubClientSession, int?> reweigh) =>
        (_call, _reweigh) = (call, reweigh);

    /// <summary>Begins to work.</summary>
    public void Start()
    {
        _sending = SendAsync();
        _receiving = ReceiveAsync();
    }

    public void AskToLeave()
    {
        var leave = WatchMessage.Leave;
        _messages.Append(new ReadOnlySpan<WatchMessage>(in leave));
    }

    public void Create(WatchSpec watch)
    {
        _reweigh(this, 1);
        Send(WireMessages.ToWire(watch));
    }

    public void Cancel(long watchId) => Send(new SessionRequest { CancelWatchId = watchId });

    public void RequestProgress() => Send(new SessionRequest { Progress = true });

    public bool HasRoom => _room.HasRoom;

    public ValueTask WaitForRoomAsync(CancellationToken cancellation) => _room.WaitAsync(cancellation);

    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellation) => _messages.WaitToReadAsync(cancellation);

    public int TryRead(Span<WatchMessage> messages) => _messages.TryRead(messages);

    public async ValueTask DisposeAsync()
    {
        End();
        await _sending;
        await _receiving;
        _call.Dispose();
    }

    private void Send(SessionRequest request)
    {
        _room.Add(BytesOf(request));
        // Not taken after the end: the caller learns of that where it reads.
        _requests.Writer.TryWrite(request);
    }

    private static long BytesOf(SessionRequest request) => request.Create is { } create ? create.Key.Length + create.RangeEnd.Length : 0;

    private async Task SendAsync()
    {
        try
        {
            await foreach (var request in _requests.Reader.ReadAllAsync())
            {
                // Buffered until the last of those at hand: one flush for a burst of creates.
                _call.RequestStream.WriteOptions = _requests.Reader.TryPeek(out _) ? new WriteOptions(WriteFlags.BufferHint) : WriteOptions.Default;
                await _call.RequestStream.WriteAsync(request);
                _room.Remove(BytesOf(request));
            }
        }
        catch (Exception lost) when (CallLoss.Is(lost))
        {
            // The session's end is its report: the reader sees false and resumes elsewhere.
            End();
        }
    }

    private async Task ReceiveAsync()
    {
        var unpacked = new List<WatchMessage>();
        // Of what was taken since nothing was unread.
        long bytes = 0;
        try
        {
            while (await _call.ResponseStream.MoveNext(CancellationToken.None))
            {
                unpacked.Clear();
                foreach (var message in _call.ResponseStream.Current.Messages)
                {
                    WireMessages.FromWire(message, unpacked);
                    bytes += message.Events.Length;
                    if (message.Kind == (uint)WatchMessageKind.Canceled)
                        _reweigh(this, -message.WatchIds.Count);
                }
                _messages.Append(CollectionsMarshal.AsSpan(unpacked));
                await _messages.WaitForRoomAsync(bytes > MaxUnreadBytes ? 1 : MaxUnread);
                if (bytes > MaxUnreadBytes)
                    bytes = 0;
            }
        }
        catch (Exception lost) when (CallLoss.Is(lost))
        {
            // As above.
        }
        End();
    }

    private void End()
    {
        _requests.Writer.TryComplete();
        _messages.End();
        _room.End();
        // Cancels the call; both loops then run out.
        _call.Dispose();
        if (Interlocked.Exchange(ref _ended, 1) == 0)
            _reweigh(this, null);
    }
}
