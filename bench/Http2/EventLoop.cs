using System.Diagnostics;
using System.Net.Sockets;

namespace Bench.Http2;

/// <summary>
/// All connections of a run on one thread: the caller's. Reads what is ready, lets the calls' callbacks start new calls, sends each
/// connection's output in one write a turn. A connection that fails ends the run with an <see cref="Http2Exception"/>.
/// </summary>
internal sealed class EventLoop : IDisposable
{
    private readonly Epoll _epoll = new();
    private readonly List<Connection> _connections = [];
    private readonly List<Connection> _marked = [];

    /// <summary>Something to do at a time of <see cref="Stopwatch.GetTimestamp"/>; <see cref="long.MaxValue"/> when there is nothing.</summary>
    public Func<long> NextDue { get; set; } = static () => long.MaxValue;

    /// <summary>Called once <see cref="NextDue"/> has passed.</summary>
    public Action OnDue { get; set; } = static () => { };

    /// <summary>Connects to a cleartext endpoint.</summary>
    public Connection Connect(Uri endpoint)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Connect(endpoint.Host, endpoint.Port);
            socket.Blocking = false;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        var connection = new Connection(this, socket, endpoint.Authority);
        _connections.Add(connection);
        _epoll.Add(connection.Descriptor, Epoll.Readable, _connections.Count - 1);
        Mark(connection);
        return connection;
    }

    /// <summary>Runs for a time.</summary>
    public void RunFor(TimeSpan time)
    {
        var end = Stopwatch.GetTimestamp() + time.Ticks * (Stopwatch.Frequency / TimeSpan.TicksPerSecond);
        while (Stopwatch.GetTimestamp() < end)
            Turn(end);
    }

    /// <summary>Runs until a condition holds; false when it does not within <paramref name="timeout"/>.</summary>
    public bool RunUntil(Func<bool> condition, TimeSpan timeout)
    {
        var end = Stopwatch.GetTimestamp() + timeout.Ticks * (Stopwatch.Frequency / TimeSpan.TicksPerSecond);
        while (!condition())
        {
            if (Stopwatch.GetTimestamp() >= end)
                return false;
            Turn(end);
        }
        return true;
    }

    public void Dispose()
    {
        foreach (var connection in _connections)
            connection.Dispose();
        _epoll.Dispose();
    }

    internal void Mark(Connection connection)
    {
        if (connection.IsMarked)
            return;
        connection.IsMarked = true;
        _marked.Add(connection);
    }

    internal void UpdateInterest(Connection connection) => _epoll.Modify(
        connection.Descriptor, (connection.IsReadPaused ? 0 : Epoll.Readable) | (connection.IsWriteBlocked ? Epoll.Writable : 0), _connections.IndexOf(connection));

    private void Turn(long end)
    {
        FlushMarked();
        var count = _epoll.Wait(TimeoutMs(Math.Min(end, NextDue())));
        for (var i = 0; i < count; i++)
        {
            var (token, _) = _epoll.EventAt(i);
            var connection = _connections[token];
            if (!connection.IsReadPaused)
                connection.OnReadable();
            // At once, not at the end of the turn: the server works on these while we read the next connection.
            connection.Flush();
        }
        if (NextDue() <= Stopwatch.GetTimestamp())
            OnDue();
    }

    private void FlushMarked()
    {
        foreach (var connection in _marked)
        {
            connection.IsMarked = false;
            if (!connection.IsWriteBlocked)
                connection.Flush();
        }
        _marked.Clear();
    }

    private static int TimeoutMs(long due)
    {
        var ticks = due - Stopwatch.GetTimestamp();
        return ticks <= 0 ? 0 : (int)Math.Min(1_000, (ticks * 1_000 / Stopwatch.Frequency) + 1);
    }
}
