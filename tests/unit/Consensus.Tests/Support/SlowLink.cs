using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Consensus.Tests.Support;

/// <summary>
/// A way to a port of loopback that carries so many bytes a second, each way of each connection by itself; and, once frozen, none at all: connections stand then, as those
/// to a stopped process do.
/// </summary>
internal sealed class SlowLink : IAsyncDisposable
{
    private const int ChunkBytes = 16 * 1024;

    // What the system takes on top, on either side: little, so that a sender is held to the pace.
    private const int SocketBufferBytes = 64 * 1024;

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = SocketBufferBytes };
    private readonly IPEndPoint _target;
    private readonly double _ticksPerByte;
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _frozen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task> _connections = [];
    private readonly Task _accepting;
    private long _freezeAt = long.MaxValue;
    private long _carried;

    /// <param name="port">What it leads to.</param>
    /// <param name="bytesPerSecond">Its pace.</param>
    public SlowLink(int port, int bytesPerSecond)
    {
        (_target, _ticksPerByte) = (new IPEndPoint(IPAddress.Loopback, port), (double)Stopwatch.Frequency / bytesPerSecond);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Url = $"http://{_listener.LocalEndPoint}";
        _accepting = AcceptAsync();
    }

    /// <summary>Where to dial.</summary>
    public string Url { get; }

    /// <summary>Bytes that went to those who dialled, all connections together.</summary>
    public long Carried => Volatile.Read(ref _carried);

    /// <summary>Completes when nothing passes any more.</summary>
    public Task Frozen => _frozen.Task;

    /// <summary>Freezes it when those who dialled have got so many more bytes.</summary>
    public void FreezeAfter(long bytes) => Volatile.Write(ref _freezeAt, Carried + bytes);

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_connections);
        _ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _connections.Add(ServeAsync(await _listener.AcceptAsync(_ended.Token)));
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(Socket dialler)
    {
        using (dialler)
        using (var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = SocketBufferBytes, NoDelay = true })
        {
            dialler.NoDelay = true;
            dialler.SendBufferSize = server.SendBufferSize = SocketBufferBytes;
            try
            {
                await server.ConnectAsync(_target, _ended.Token);
                // One end that closes, or breaks, takes the other with it.
                await Task.WhenAny(CarryAsync(dialler, server, isAnswer: false), CarryAsync(server, dialler, isAnswer: true));
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
                // Nobody listens there, or it is over.
            }
        }
    }

    private async Task CarryAsync(Socket source, Socket target, bool isAnswer)
    {
        var buffer = new byte[ChunkBytes];
        double due = 0;
        try
        {
            while (await source.ReceiveAsync(buffer, _ended.Token) is > 0 and var count)
            {
                if (isAnswer && Carried >= Volatile.Read(ref _freezeAt))
                    _frozen.TrySetResult();
                if (_frozen.Task.IsCompleted)
                    await Task.Delay(Timeout.Infinite, _ended.Token);
                var now = Stopwatch.GetTimestamp();
                due = Math.Max(due, now) + (count * _ticksPerByte);
                if (Stopwatch.GetElapsedTime(now, (long)due) is var early && early > TimeSpan.FromMilliseconds(1))
                    await Task.Delay(early, _ended.Token);
                for (var left = buffer.AsMemory(0, count); left.Length > 0;)
                    left = left[await target.SendAsync(left, _ended.Token)..];
                if (isAnswer)
                    Interlocked.Add(ref _carried, count);
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // An end broke, or it is over.
        }
    }
}
