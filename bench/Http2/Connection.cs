using System.Net.Sockets;

namespace Bench.Http2;

/// <summary>A session on a non-blocking socket. Lives on the thread of its loop.</summary>
internal sealed class Connection : IDisposable
{
    // Must hold at least one frame of the largest size we allow (16 KiB and its header).
    private const int ReceiveBufferBytes = 256 * 1024;

    private readonly EventLoop _loop;
    private readonly Socket _socket;
    private readonly Http2Session _session;
    private readonly byte[] _received = new byte[ReceiveBufferBytes];
    private int _receivedBytes;

    internal Connection(EventLoop loop, Socket socket, string authority)
    {
        _loop = loop;
        _socket = socket;
        _session = new Http2Session(authority);
    }

    public bool IsReady => _session.IsReady;

    internal int Descriptor => (int)_socket.Handle;

    /// <summary>True while the socket would not take more; the loop then waits for it to become writable.</summary>
    internal bool IsWriteBlocked { get; private set; }

    /// <summary>True once nothing is read any more: what a client does that hangs.</summary>
    public bool IsReadPaused { get; private set; }

    /// <summary>Reads nothing from here on.</summary>
    public void PauseReading()
    {
        IsReadPaused = true;
        _loop.UpdateInterest(this);
    }

    /// <summary>True while the connection stands in the loop's list of those with output.</summary>
    internal bool IsMarked { get; set; }

    /// <summary>Starts a call; its bytes leave at the end of the loop's turn at the latest.</summary>
    public void Start(GrpcCall call, GrpcMethod method, ReadOnlySpan<byte> message, bool isLast)
    {
        _session.Start(call, method, message, isLast);
        _loop.Mark(this);
    }

    /// <summary>Sends a further message of a streaming call.</summary>
    public void Send(GrpcCall call, ReadOnlySpan<byte> message, bool isLast)
    {
        _session.Send(call, message, isLast);
        _loop.Mark(this);
    }

    internal void OnReadable()
    {
        var count = _socket.Receive(_received.AsSpan(_receivedBytes), SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
            return;
        if (error != SocketError.Success || count == 0)
            throw new Http2Exception(count == 0 && error == SocketError.Success ? "the server closed the connection" : $"receive failed: {error}");
        _receivedBytes += count;
        var used = _session.Receive(_received.AsSpan(0, _receivedBytes));
        _received.AsSpan(used, _receivedBytes - used).CopyTo(_received);
        _receivedBytes -= used;
    }

    /// <summary>Sends what is pending, as far as the socket takes it.</summary>
    internal void Flush()
    {
        var output = _session.Output;
        while (!output.IsEmpty)
        {
            var sent = _socket.Send(output.Pending, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                SetWriteBlocked(true);
                return;
            }
            if (error != SocketError.Success)
                throw new Http2Exception($"send failed: {error}");
            output.Consume(sent);
        }
        SetWriteBlocked(false);
    }

    public void Dispose() => _socket.Dispose();

    private void SetWriteBlocked(bool isBlocked)
    {
        if (IsWriteBlocked == isBlocked)
            return;
        IsWriteBlocked = isBlocked;
        _loop.UpdateInterest(this);
    }
}
