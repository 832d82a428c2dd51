using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Host.Peers.Wire;
using Hosting.Metrics;

namespace Consensus.Host.Peers;

/// <summary>
/// One other member: the connection on which we hear from it, which we dial again whenever it breaks, and what goes to it, on the connection that it
/// dials. Who wants to hear dials: so it is our own thread that waits at the socket, and a message passes no other on its way to the log thread.
/// </summary>
internal sealed class PeerLink
{
    // Grows for a larger message, and shrinks again after it.
    private const int BufferBytes = 256 * 1024;

    private static readonly TimeSpan s_retryDelay = TimeSpan.FromMilliseconds(100);

    private readonly PeerNetwork _network;
    private readonly MemberId _peer;
    private readonly PeerMetrics.Member _metrics;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly object _pause = new();
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _toldToEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isEnding;
    private IReadOnlyList<string> _urls;
    private Socket? _socket;
    private Stream? _stream;
    private bool _isConnected;

    public PeerLink(PeerNetwork network, MemberId peer, IReadOnlyList<string> urls)
    {
        (_network, _peer, _urls) = (network, peer, urls);
        _metrics = network.MetricsOf(peer);
        Outbox = new PeerOutbox(_metrics, network.Failed);
        new Thread(Run) { Name = "consensus-peer", IsBackground = true }.Start();
    }

    /// <summary>What goes to the member.</summary>
    public PeerOutbox Outbox { get; }

    /// <summary>Where to find the member from the next connection on.</summary>
    public IReadOnlyList<string> Urls
    {
        get => Volatile.Read(ref _urls);
        set => Volatile.Write(ref _urls, value);
    }

    /// <summary>Says to the other end of both connections that we live, and ends the one where the other end does not.</summary>
    public void Beat()
    {
        if (Outbox.Connection is { } connection && connection.Silence > PeerProtocol.MaxSilence)
            connection.Abort();
        Outbox.Beat();
        lock (_gate)
        {
            if (!_isConnected)
                return;
            try
            {
                // Four bytes: there is room for them as long as the other end takes them, and if it does not, our own silence will end the connection.
                _stream!.Write(PeerProtocol.Beat.Span);
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException)
            {
                // The thread that waits there has heard of it.
            }
        }
    }

    /// <summary>Ends both connections; completes when nothing more is heard from the member.</summary>
    public Task EndAsync()
    {
        lock (_pause)
        {
            _isEnding = true;
            Monitor.Pulse(_pause);
        }
        _toldToEnd.TrySetResult();
        Hang();
        Outbox.Connection?.Abort();
        return _ended.Task;
    }

    private void Run()
    {
        for (var attempt = 0; !_isEnding; attempt++)
        {
            var urls = Urls;
            var url = urls[attempt % urls.Count];
            try
            {
                UseConnection(new Uri(url));
            }
            catch (Exception exception) when (exception is SocketException or IOException or ObjectDisposedException or InvalidDataException or AuthenticationException or UriFormatException or PeerRefusedException)
            {
                if (!_isEnding)
                    _network.ConnectionFailed(_peer, url, exception);
            }
            lock (_pause)
            {
                if (!_isEnding)
                    Monitor.Wait(_pause, s_retryDelay);
            }
        }
        _ended.SetResult();
    }

    private void UseConnection(Uri url)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            SendTimeout = (int)PeerProtocol.DialTimeout.TotalMilliseconds,
            ReceiveTimeout = (int)PeerProtocol.DialTimeout.TotalMilliseconds,
        };
        lock (_gate)
            _socket = socket;
        if (_isEnding)
            return;
        try
        {
            var addresses = LookUp(url.IdnHost);
            if (_isEnding)
                return;
            // Not to be made asynchronous: the system then stops blocking at this socket, and each wait would go by way of other threads.
            socket.Connect(addresses, url.Port);
            using var stream = Secure(new NetworkStream(socket, ownsSocket: false), url);
            lock (_gate)
                _stream = stream;
            Greet(stream);
            var reader = new Reader(stream, _metrics.ReceivedBytes, UnderWay);
            if (reader.Next().Welcome is not { } welcome)
                throw new InvalidDataException("another protocol is spoken there");
            if (welcome.RemovedAt > 0)
                _network.Excluded(_peer, welcome);
            if (welcome.Refusal != 0)
                throw new PeerRefusedException((PeerRefusal)Math.Min(welcome.Refusal, byte.MaxValue));
            socket.ReceiveTimeout = (int)PeerProtocol.MaxSilence.TotalMilliseconds;
            Listen(reader);
        }
        finally
        {
            bool wasConnected;
            lock (_gate)
            {
                wasConnected = _isConnected;
                _isConnected = false;
                (_socket, _stream) = (null, null);
            }
            if (wasConnected)
            {
                if (!_isEnding)
                    _metrics.ReceivedFailures.Increment();
                _network.Lost(_peer);
            }
        }
    }

    // By itself: a name server that does not answer would hold up an end, which closes the socket but not a look-up. And not for as long as the system asks it, five seconds or more:
    // the name of a member that is away may have no answer, and has one again as soon as it is back.
    private IPAddress[] LookUp(string host)
    {
        if (IPAddress.TryParse(host, out var literal))
            return [literal];
        // Not the runtime's asynchronous one: that blocks a thread of the pool, and has the next of the same name wait for the one before, which was asked while the member was away and
        // may get no answer for seconds although there is one now. So does not the next one here: those that are given up end by themselves.
        var lookUp = Task.Factory.StartNew(() => Dns.GetHostAddresses(host), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return Task.WaitAny([lookUp, _toldToEnd.Task], PeerProtocol.DialTimeout) switch
        {
            0 => lookUp.GetAwaiter().GetResult(),
            1 => [],
            _ => throw new IOException($"nobody says where {host} is"),
        };
    }

    private Stream Secure(NetworkStream plain, Uri url)
    {
        if (url.Scheme != Uri.UriSchemeHttps)
            return plain;
        var secured = new SslStream(plain);
        try
        {
            secured.AuthenticateAsClient(_network.Tls?.OptionsFor(url.IdnHost) ?? new SslClientAuthenticationOptions { TargetHost = url.IdnHost });
            return secured;
        }
        catch
        {
            secured.Dispose();
            throw;
        }
    }

    private void Greet(Stream stream)
    {
        var greeting = new ArrayBufferWriter<byte>();
        greeting.Write(PeerProtocol.Preface);
        PeerProtocol.Write(greeting, new PeerFrame { Hello = _network.HelloTo(_peer) });
        stream.Write(greeting.WrittenSpan);
    }

    private void Listen(Reader reader)
    {
        lock (_gate)
            _isConnected = true;
        _network.Connected(_peer, Urls[0]);
        while (true)
        {
            var frame = reader.Next();
            if (frame.Ping != 0)
                Pong(frame.Ping);
            foreach (var message in frame.Messages)
            {
                if (!_network.TryReceive(message, _peer))
                    return;
            }
        }
    }

    // The other end's own time, which it gets back.
    private void Pong(long ping)
    {
        var answer = new ArrayBufferWriter<byte>();
        PeerProtocol.Write(answer, new PeerFrame { Pong = ping });
        lock (_gate)
            _stream?.Write(answer.WrittenSpan);
    }

    // Raft here and there hears of it: what else the other end says waits behind the rest of the frame, and so do answers.
    private void UnderWay()
    {
        _network.OnUnderWay(_peer);
        lock (_gate)
            _stream?.Write(PeerProtocol.Receiving.Span);
    }

    /// <summary>Wakes the thread that waits at the socket.</summary>
    private void Hang()
    {
        lock (_gate)
            _socket?.Dispose();
    }

    /// <summary>Reads frames; blocks until there is one, and says from time to time that a part of one came.</summary>
    private sealed class Reader(Stream stream, Counter receivedBytes, Action underWay)
    {
        private byte[] _buffer = new byte[BufferBytes];
        private int _start;
        private int _end;

        /// <exception cref="IOException">The connection ended, or broke, or the other end was silent for too long.</exception>
        public PeerFrame Next()
        {
            // When the frame was first found to be in parts, or that was said last; 0: not yet.
            long said = 0;
            while (true)
            {
                var unread = new ReadOnlySequence<byte>(_buffer, _start, _end - _start);
                if (PeerProtocol.TryRead(ref unread, PeerProtocol.MaxFrameBytes, out var frame))
                {
                    _start = _end - (int)unread.Length;
                    return frame;
                }
                if (unread.Length > 0)
                    said = Say(said);
                MakeRoom();
                var bytes = stream.Read(_buffer.AsSpan(_end));
                if (bytes == 0)
                    throw new IOException("the member closed the connection");
                receivedBytes.Add(bytes);
                _end += bytes;
            }
        }

        private long Say(long said)
        {
            var now = Stopwatch.GetTimestamp();
            if (said == 0)
                return now;
            if (Stopwatch.GetElapsedTime(said, now) < PeerProtocol.UnderWayPeriod)
                return said;
            underWay();
            return now;
        }

        private void MakeRoom()
        {
            var length = _end - _start;
            if (length == 0 && _buffer.Length > BufferBytes)
                _buffer = new byte[BufferBytes];
            else if (_start > 0)
                Buffer.BlockCopy(_buffer, _start, _buffer, 0, length);
            (_start, _end) = (0, length);
            if (length == _buffer.Length)
                Array.Resize(ref _buffer, 2 * length);
        }
    }
}
