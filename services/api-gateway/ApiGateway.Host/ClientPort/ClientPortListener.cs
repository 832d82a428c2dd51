using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Hosting.Listening;
using Hosting.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace ApiGateway.Host.ClientPort;

/// <summary>
/// One real socket that serves HTTP/1.1 and cleartext HTTP/2. Each accepted connection is handed, untouched, to one of two
/// virtual listeners of the same Kestrel once its first bytes show what it speaks: Kestrel itself would take a cleartext
/// endpoint that allows both for HTTP/1.1 only. What is secured has one virtual listener, for TLS has a way of its own to agree on that. A port may serve both, in clear and over TLS;
/// what speaks TLS to one in clear only, or the other way round, is closed with a word in the log, as by etcd.
/// </summary>
/// <remarks>
/// A connection that stays silent costs its own timeout and nothing else: accepting never waits for it. Undecided connections
/// are bounded; beyond that new ones are closed. A decided connection waits when Kestrel does not take the ones before it.
/// </remarks>
public sealed class ClientPortListener(EndPoint address) : IAsyncDisposable
{
    private const int MaxUndecided = 16_384;
    private const int MaxDecided = 512;

    private readonly Channel<ConnectionContext> _http1 = NewQueue();
    private readonly Channel<ConnectionContext> _http2 = NewQueue();
    private readonly Channel<ConnectionContext> _tls = NewQueue();
    private readonly ConcurrentDictionary<ConnectionContext, byte> _undecided = new();
    private readonly CancellationTokenSource _unbinding = new();
    private readonly SemaphoreSlim _binding = new(1);
    private IConnectionListener? _socket;
    private ConnectionSlots? _slots;
    private Task _accepting = Task.CompletedTask;
    private int _unbound;
    private TimeProvider _time = TimeProvider.System;

    // Those that Kestrel has; each leaves when it is closed.
    private readonly ConcurrentDictionary<ConnectionContext, byte> _served = new();
    private readonly TaskCompletionSource _lastClosed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isClosing;

    /// <summary>The socket's address; with the port that the system chose once it is bound.</summary>
    public EndPoint LocalEndPoint => _socket?.EndPoint ?? address;

    /// <summary>What the port is secured with; null: it is not.</summary>
    public TlsSettings? Tls { get; init; }

    /// <summary>It serves what comes in clear: always when it is not secured, and beside TLS when it is told so.</summary>
    public bool ServesClear { get => field || Tls is null; init; }

    /// <summary>Not for other members.</summary>
    public bool IsForClients { get; init; } = true;

    /// <summary>For log lines: whom the port is for.</summary>
    public string Purpose => IsForClients ? "client" : "peer";

    /// <summary>How often gRPC clients may ping, and are pinged; null: as often as they like, and as the server does otherwise.</summary>
    public ClientKeepAlive? KeepAlive { get; init; }

    /// <summary>How long a connection may take to show what it speaks.</summary>
    public TimeSpan PrefaceTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Nobody is served before this completes: connections are taken by the system and wait. So a client that looks for a member that can answer
    /// goes on to another. When it fails or is cancelled, the port stays shut.
    /// </summary>
    public Task OpenAfter { get; set; } = Task.CompletedTask;

    /// <summary>Binds the socket unless the other virtual listener has done it already.</summary>
    /// <param name="slots">Of which each connection takes one while it is open; null: there may be any number.</param>
    /// <exception cref="ClientPortException">The address cannot be had.</exception>
    internal async ValueTask BindAsync(
        IConnectionListenerFactory sockets, ConnectionSlots? slots, TimeProvider time, ILogger logger, CancellationToken cancellation)
    {
        await _binding.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_socket is not null)
                return;
            if (address is UnixDomainSocketEndPoint file && !UnixSocket.TryFree(file))
                throw new AddressInUseException("somebody listens there");
            _socket = await sockets.BindAsync(address, cancellation).ConfigureAwait(false);
            (_time, _slots) = (time, slots);
            _accepting = AcceptAsync(_socket, time, logger);
        }
        catch (Exception exception) when (exception is AddressInUseException or SocketException)
        {
            throw new ClientPortException($"listen {(address is UnixDomainSocketEndPoint ? "unix" : "tcp")} {address}: bind: {Reason(exception)}", exception);
        }
        finally
        {
            _binding.Release();
        }
    }

    /// <summary>
    /// Takes no more connections and asks every open one to end: HTTP/2 clients are told (GOAWAY) and go elsewhere with what they have not sent, requests under way are
    /// answered. Completes when the last connection is closed.
    /// </summary>
    internal async Task DrainAsync(CancellationToken cancellation)
    {
        await UnbindAsync(cancellation).ConfigureAwait(false);
        _isClosing = true;
        // Either such a connection sees the flag, or it is seen here.
        foreach (var connection in _served.Keys)
            RequestClose(connection);
        CompleteIfEmpty();
        await _lastClosed.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Around all that Kestrel does with one connection, a handshake included.</summary>
    internal async Task HoldSlotAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            _slots?.GiveBack();
        }
    }

    /// <summary>Serves one connection from its first byte to its last.</summary>
    internal async Task ServeAsync(ConnectionContext connection, ClientProtocol protocol, ConnectionDelegate next)
    {
        _served.TryAdd(connection, 0);
        var lingering = protocol == ClientProtocol.Http2 || IsHttp2OverTls(connection) ? new LingeringTransport(connection.Transport) : null;
        var policed = lingering is not null && KeepAlive is not null ? new PolicedTransport(lingering, KeepAlive, _time) : null;
        connection.Transport = policed ?? lingering ?? connection.Transport;
        try
        {
            if (_isClosing)
                RequestClose(connection);
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            try
            {
                if (lingering is not null)
                    await lingering.EndAsync(waitsForClient: _isClosing || policed?.IsOver == true, _time).ConfigureAwait(false);
            }
            finally
            {
                _served.TryRemove(connection, out _);
                if (_isClosing)
                    CompleteIfEmpty();
            }
        }
    }

    private static bool IsHttp2OverTls(ConnectionContext connection) =>
        connection.Features.Get<ITlsApplicationProtocolFeature>() is { } agreed && agreed.ApplicationProtocol.Span.SequenceEqual("h2"u8);

    private static void RequestClose(ConnectionContext connection) => connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();

    private void CompleteIfEmpty()
    {
        if (_served.IsEmpty)
            _lastClosed.TrySetResult();
    }

    internal ChannelReader<ConnectionContext> Decided(ClientProtocol protocol) => QueueOf(protocol).Reader;

    private Channel<ConnectionContext> QueueOf(ClientProtocol protocol) => protocol switch
    {
        ClientProtocol.Http1 => _http1,
        ClientProtocol.Http2 => _http2,
        _ => _tls,
    };

    private void CompleteQueues(Exception? error = null)
    {
        _http1.Writer.TryComplete(error);
        _http2.Writer.TryComplete(error);
        _tls.Writer.TryComplete(error);
    }

    /// <summary>Closes the socket to new connections and drops the undecided ones. Both virtual listeners end.</summary>
    internal async ValueTask UnbindAsync(CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref _unbound, 1) != 0 || _socket is null)
            return;
        await _unbinding.CancelAsync().ConfigureAwait(false);
        await _socket.UnbindAsync(cancellation).ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        foreach (var connection in _undecided.Keys)
            connection.Abort();
        CompleteQueues();
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync(CancellationToken.None).ConfigureAwait(false);
        if (_socket is not null)
            await _socket.DisposeAsync().ConfigureAwait(false);
        _unbinding.Dispose();
        _binding.Dispose();
    }

    private async Task AcceptAsync(IConnectionListener socket, TimeProvider time, ILogger logger)
    {
        // Whoever gave it knows of its failure.
        var opened = OpenAfter.WaitAsync(_unbinding.Token);
        await opened.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!opened.IsCompletedSuccessfully)
        {
            CompleteQueues();
            return;
        }
        try
        {
            while (await AcceptOneAsync(socket, logger).ConfigureAwait(false) is { } connection)
            {
                if (_undecided.Count >= MaxUndecided)
                {
                    logger.TooManyUndecided(MaxUndecided);
                    _slots?.GiveBack();
                    await connection.DisposeAsync().ConfigureAwait(false);
                    continue;
                }
                _undecided.TryAdd(connection, 0);
                _ = DecideAsync(connection, time, logger);
            }
        }
        catch (Exception exception)
        {
            logger.AcceptFailed(exception);
            CompleteQueues(exception);
        }
    }

    // Null once the socket is to take no more.
    private async ValueTask<ConnectionContext?> AcceptOneAsync(IConnectionListener socket, ILogger logger)
    {
        if (_slots is { } slots && !slots.TryTake())
        {
            logger.TooManyConnections(slots.Most);
            try
            {
                await slots.TakeAsync(_unbinding.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }
        return await socket.AcceptAsync().ConfigureAwait(false);
    }

    private async Task DecideAsync(ConnectionContext connection, TimeProvider time, ILogger logger)
    {
        var (isHandedOver, isRejected) = (false, false);
        try
        {
            using var timeout = new CancellationTokenSource(PrefaceTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _unbinding.Token);
            var protocol = await PrefaceReader.DecideAsync(connection.Transport.Input, either.Token).ConfigureAwait(false);
            if (protocol is { } known && (known == ClientProtocol.Tls ? Tls is not null : ServesClear))
            {
                await QueueOf(known).Writer.WriteAsync(connection, either.Token).ConfigureAwait(false);
                isHandedOver = true;
            }
            else if (protocol is not null)
            {
                var error = Tls is null ? "tls: a TLS handshake on a port that serves in clear" : "tls: first record does not look like a TLS handshake";
                TlsLog.Rejected(logger, Purpose, connection.RemoteEndPoint, "", error);
                isRejected = true;
            }
        }
        catch (OperationCanceledException)
        {
            if (!_unbinding.IsCancellationRequested)
                logger.SilentConnection();
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException or ChannelClosedException)
        {
            logger.LostConnection(exception);
        }
        finally
        {
            _undecided.TryRemove(connection, out _);
            if (!isHandedOver)
            {
                _slots?.GiveBack();
                // Who is turned away for what it speaks sees an end, not a reset, as with etcd.
                if (!isRejected)
                    connection.Abort();
                await connection.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static Channel<ConnectionContext> NewQueue() =>
        Channel.CreateBounded<ConnectionContext>(new BoundedChannelOptions(MaxDecided) { SingleReader = true });

    /// <summary>The system's reason in the words of a Unix error, as Go prints it.</summary>
    private static string Reason(Exception exception) => exception switch
    {
        AddressInUseException or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } => "address already in use",
        SocketException { SocketErrorCode: SocketError.AccessDenied } => "permission denied",
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } => "cannot assign requested address",
        _ => exception.Message,
    };
}
