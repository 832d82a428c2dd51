using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Host.Peers.Wire;
using Grpc.Core;
using Hosting.Clients;

namespace Consensus.Host.Peers;

/// <summary>
/// The way out to one other member: a connection that is made again whenever it breaks, and a bounded queue in front of it. Messages may be
/// lost, never repeated or reordered within one connection; Raft is built for that.
/// </summary>
internal sealed class PeerLink : IAsyncDisposable
{
    // A member that is away is not worth more memory: Raft sends again what matters.
    private const long MaxQueuedBytes = 64 * 1024 * 1024;

    // One frame of the connection; a larger message has one of its own.
    private const int MaxFrameBytes = 4 * 1024 * 1024;

    private static readonly TimeSpan s_retryDelay = TimeSpan.FromMilliseconds(100);

    private readonly PeerNetwork _network;
    private readonly MemberId _peer;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly Task _running;
    private Queue<Message> _queue = new();
    private long _queuedBytes;

    // Of the connection.
    private WorkSignal _wake = new();
    private IReadOnlyList<string> _urls;
    private volatile bool _isConnected;

    public PeerLink(PeerNetwork network, MemberId peer, IReadOnlyList<string> urls)
    {
        (_network, _peer, _urls) = (network, peer, urls);
        _running = Task.Run(RunAsync);
    }

    /// <summary>The member answers at this moment.</summary>
    public bool IsConnected => _isConnected;

    /// <summary>Where to find the member from the next connection on.</summary>
    public void SetUrls(IReadOnlyList<string> urls) => Volatile.Write(ref _urls, urls);

    /// <summary>Queues messages for the connection; drops them when there is none or it is stuck.</summary>
    public void Post(in Message message)
    {
        if (!_isConnected)
            return;
        var bytes = PeerWire.BytesOf(message);
        lock (_gate)
        {
            if (_queuedBytes > 0 && _queuedBytes + bytes > MaxQueuedBytes)
            {
                _network.Dropped();
                return;
            }
            _queue.Enqueue(message);
            _queuedBytes += bytes;
            if (_queue.Count == 1)
                _wake.Set();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var attempt = 0;
        while (!_stopping.IsCancellationRequested)
        {
            var urls = Volatile.Read(ref _urls);
            var url = urls[attempt++ % urls.Count];
            try
            {
                await UseConnectionAsync(url).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is RpcException or IOException or HttpRequestException or OperationCanceledException or InvalidOperationException)
            {
                _network.ConnectionFailed(_peer, url, exception);
            }
            await Task.Delay(s_retryDelay, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task UseConnectionAsync(string url)
    {
        using var channel = ChannelFactory.CreateForPeer(url);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        using var call = new ConsensusPeer.ConsensusPeerClient(channel).Connect(cancellationToken: ended.Token);
        await call.RequestStream.WriteAsync(new PeerFrame { Hello = _network.HelloTo(_peer) }, ended.Token).ConfigureAwait(false);
        if (!await call.ResponseStream.MoveNext(ended.Token).ConfigureAwait(false))
            throw new IOException("the member closed the connection before it answered");
        if (call.ResponseStream.Current is { RemovedAt: > 0 } word)
        {
            _network.Excluded(_peer, word);
            throw new IOException("the member goes on without this one");
        }
        var wake = Connected();
        using var closing = ended.Token.UnsafeRegister(static state => ((WorkSignal)state!).Close(), wake);
        var reading = WatchEndAsync(call.ResponseStream, ended);
        try
        {
            await SendAsync(call.RequestStream, wake, ended.Token).ConfigureAwait(false);
        }
        finally
        {
            Disconnected();
            await ended.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(false);
            _network.Lost(_peer);
        }
    }

    private async Task SendAsync(IClientStreamWriter<PeerFrame> stream, WorkSignal wake, CancellationToken ended)
    {
        var sending = new Queue<Message>();
        while (true)
        {
            lock (_gate)
            {
                (sending, _queue) = (_queue, sending);
                _queuedBytes = 0;
            }
            while (sending.Count > 0)
                await stream.WriteAsync(NextFrame(sending), ended).ConfigureAwait(false);
            await wake.WaitAsync().ConfigureAwait(false);
        }
    }

    private static PeerFrame NextFrame(Queue<Message> messages)
    {
        var frame = new PeerFrame();
        long bytes = 0;
        while (messages.TryPeek(out var message))
        {
            bytes += PeerWire.BytesOf(message);
            if (frame.Messages.Count > 0 && bytes > MaxFrameBytes)
                break;
            frame.Messages.Add(PeerWire.ToWire(message));
            messages.Dequeue();
        }
        return frame;
    }

    /// <summary>The other side says nothing more, but for that this member was removed; the end of its stream is the end of the connection.</summary>
    private async Task WatchEndAsync(IAsyncStreamReader<PeerWelcome> stream, CancellationTokenSource ended)
    {
        try
        {
            if (await stream.MoveNext(ended.Token).ConfigureAwait(false) && stream.Current is { RemovedAt: > 0 } word)
                _network.Excluded(_peer, word);
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException or IOException)
        {
            // How a connection ends when the process behind it does.
        }
        await ended.CancelAsync().ConfigureAwait(false);
    }

    private WorkSignal Connected()
    {
        var wake = new WorkSignal();
        lock (_gate)
            _wake = wake;
        _isConnected = true;
        _network.Connected(_peer);
        return wake;
    }

    private void Disconnected()
    {
        _isConnected = false;
        lock (_gate)
        {
            _queue.Clear();
            _queuedBytes = 0;
        }
    }
}
