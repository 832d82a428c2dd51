using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;
using Consensus.Core.Raft;

namespace Consensus.Host.Peers;

/// <summary>
/// What goes to one other member: a bounded queue in front of the connection that this member has made to us. Messages may be lost, never repeated or
/// reordered within one connection; Raft is built for that.
/// </summary>
/// <remarks>
/// Written by the thread that posts, for as long as the system takes what it is given: a message between two machines is too short to be worth
/// another thread. Only what waits for the network is finished elsewhere.
/// </remarks>
internal sealed class PeerOutbox(PeerMetrics.Member metrics, PeerOutbox.FailedHandler failed)
{
    /// <summary>Hears of a message that is not sent.</summary>
    public delegate void FailedHandler(in Message message);

    // A member that is away is not worth more memory: Raft sends again what matters.
    private const long MaxQueuedBytes = 64 * 1024 * 1024;

    // Kept between frames; a larger one is not.
    private const int MaxKeptBytes = 1024 * 1024;

    private readonly Lock _gate = new();
    private Queue<Message> _queue = new();
    private long _queuedBytes;
    private PeerConnection? _connection;
    private bool _isWriting;

    // Of the one who writes.
    private Queue<Message> _sending = new();
    private ArrayBufferWriter<byte> _buffer = new();

    /// <summary>What becomes of appends.</summary>
    public AppendTimes Appends { get; } = new();

    /// <summary>The connection in use; null is none.</summary>
    public PeerConnection? Connection
    {
        get
        {
            lock (_gate)
                return _connection;
        }
    }

    /// <summary>Uses a new connection. The one before it ends: the member would not have dialled again if it still had it.</summary>
    public void Attach(PeerConnection connection)
    {
        PeerConnection? before;
        lock (_gate)
        {
            before = _connection;
            _connection = connection;
            Clear();
        }
        before?.Abort();
    }

    /// <summary>Uses a connection no more.</summary>
    /// <returns>It was the one in use.</returns>
    public bool Detach(PeerConnection connection)
    {
        lock (_gate)
        {
            if (_connection != connection)
                return false;
            _connection = null;
            Clear();
            return true;
        }
    }

    /// <summary>Queues a message until <see cref="Flush"/>; drops it when there is no connection or it is stuck.</summary>
    public void Post(in Message message)
    {
        var bytes = PeerWire.BytesOf(message);
        lock (_gate)
        {
            if (_connection is not null && (_queuedBytes == 0 || _queuedBytes + bytes <= MaxQueuedBytes))
            {
                _queue.Enqueue(message);
                _queuedBytes += bytes;
                return;
            }
        }
        if (AppendTimes.IsAppend(message.Kind))
            Appends.Failed(1);
        failed(message);
    }

    /// <summary>Sends what is queued, or leaves it to whoever is at it.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            if (_isWriting || _queue.Count == 0)
                return;
            _isWriting = true;
        }
        Write();
    }

    /// <summary>Says that we live, and asks how long an answer takes, unless messages are on their way.</summary>
    public void Beat()
    {
        PeerConnection connection;
        lock (_gate)
        {
            if (_isWriting || _connection is null)
                return;
            _isWriting = true;
            connection = _connection;
        }
        var beat = PeerProtocol.Ping(Stopwatch.GetTimestamp());
        metrics.SentBytes.Add(beat.Length);
        var writing = connection.WriteAsync(beat);
        if (writing.IsCompletedSuccessfully)
            Write();
        else
            _ = FinishAsync(writing, connection, appends: 0, began: 0);
    }

    private static int AppendsIn(Wire.PeerFrame frame)
    {
        var count = 0;
        foreach (var message in frame.Messages)
            count += AppendTimes.IsAppend((MessageKind)message.Kind) ? 1 : 0;
        return count;
    }

    private void Clear()
    {
        _queue.Clear();
        _queuedBytes = 0;
    }

    /// <summary>By one at a time: whoever set <see cref="_isWriting"/>.</summary>
    private void Write()
    {
        while (true)
        {
            PeerConnection connection;
            lock (_gate)
            {
                if (_connection is null)
                    _sending.Clear();
                if (_sending.Count == 0)
                {
                    (_sending, _queue) = (_queue, _sending);
                    _queuedBytes = 0;
                }
                if (_sending.Count == 0)
                {
                    _isWriting = false;
                    return;
                }
                connection = _connection!;
            }
            if (_buffer.Capacity > MaxKeptBytes)
                _buffer = new ArrayBufferWriter<byte>();
            _buffer.ResetWrittenCount();
            var began = Stopwatch.GetTimestamp();
            var frame = PeerProtocol.NextFrame(_sending);
            PeerProtocol.Write(_buffer, frame);
            metrics.SentBytes.Add(_buffer.WrittenCount);
            var appends = AppendsIn(frame);
            var writing = connection.WriteAsync(_buffer.WrittenMemory);
            if (!writing.IsCompletedSuccessfully)
            {
                _ = FinishAsync(writing, connection, appends, began);
                return;
            }
            Appends.Succeeded(appends, Stopwatch.GetElapsedTime(began));
        }
    }

    private async Task FinishAsync(ValueTask writing, PeerConnection connection, int appends, long began)
    {
        try
        {
            await writing.ConfigureAwait(false);
            Appends.Succeeded(appends, Stopwatch.GetElapsedTime(began));
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // It is broken, which whoever reads from it hears, and tells; until then what is sent there is lost.
            connection.Abort();
            Appends.Failed(appends);
        }
        Write();
    }
}
