using System.Net;
using System.Net.Sockets;

namespace Chaos.Tests.Harness.Network;

/// <summary>
/// What the other members take for a member's peer port: hands each connection on to the real one, under the links of the network.
/// </summary>
/// <remarks>While its member does not run nobody listens here either, so that dialling it is refused as it would be without the proxy.</remarks>
public sealed class PeerProxy : IAsyncDisposable
{
    private readonly int _member;
    private readonly IPEndPoint _listen;
    private readonly IPEndPoint _real;
    private readonly PeerNetwork _network;
    private readonly Func<Socket, int?> _diallerOf;
    private readonly Lock _guard = new();
    private readonly List<Task> _connections = [];
    private CancellationTokenSource? _open;
    private Task _accepting = Task.CompletedTask;

    /// <param name="member">Number of the member behind it.</param>
    /// <param name="listenPort">The port that others dial.</param>
    /// <param name="realPort">The port that the member listens on.</param>
    /// <param name="network">Decides what gets through.</param>
    /// <param name="processesOfMembers">Process ids of each member, as they are now.</param>
    public PeerProxy(int member, int listenPort, int realPort, PeerNetwork network, Func<IReadOnlyList<IReadOnlyList<int>>> processesOfMembers)
        : this(member, listenPort, realPort, network, dialler => SocketOwner.Find(((IPEndPoint)dialler.RemoteEndPoint!).Port, listenPort, processesOfMembers()))
    {
    }

    /// <summary>One whose port only one member knows.</summary>
    public PeerProxy(int member, int listenPort, int realPort, PeerNetwork network, int dialler)
        : this(member, listenPort, realPort, network, _ => dialler)
    {
    }

    private PeerProxy(int member, int listenPort, int realPort, PeerNetwork network, Func<Socket, int?> diallerOf)
    {
        (_member, _network, _diallerOf) = (member, network, diallerOf);
        (_listen, _real) = (new(IPAddress.Loopback, listenPort), new(IPAddress.Loopback, realPort));
    }

    public int Port => _listen.Port;

    /// <summary>Starts to listen.</summary>
    public void Open()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(_listen);
        listener.Listen();
        _open = new CancellationTokenSource();
        _accepting = AcceptAsync(listener, _open.Token);
    }

    /// <summary>Stops listening; connections end with the processes at their ends.</summary>
    public async Task CloseAsync()
    {
        if (_open is not { } open)
            return;
        _open = null;
        await open.CancelAsync();
        await _accepting;
        open.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        // The members are gone by now, and with them both ends of each connection; over a cut the news waits, so it is healed first.
        _network.Heal();
        Task[] left;
        lock (_guard)
            left = [.. _connections];
        await Task.WhenAll(left).WaitAsync(TimeSpan.FromSeconds(10));
    }

    private async Task AcceptAsync(Socket listener, CancellationToken closed)
    {
        using (listener)
        {
            while (true)
            {
                try
                {
                    var socket = await listener.AcceptAsync(closed);
                    lock (_guard)
                    {
                        _connections.RemoveAll(connection => connection.IsCompleted);
                        _connections.Add(ServeAsync(socket));
                    }
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }
    }

    private async Task ServeAsync(Socket dialler)
    {
        await Task.Yield(); // Accepting goes on.
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        dialler.NoDelay = true;
        if (_diallerOf(dialler) is not { } member || _network.Refuses(member) || _network.Refuses(_member) || !await TryConnectAsync(server, member))
        {
            dialler.LingerState = new LingerOption(true, 0);
            dialler.Dispose();
            return;
        }
        using var connection = new ProxiedConnection(dialler, server, member, _member, _network);
        await connection.RunAsync();
    }

    // A handshake needs both ways: a connection dialled during a cut comes about when it is healed.
    private async Task<bool> TryConnectAsync(Socket server, int from)
    {
        await _network.Between(from, _member).WhenOpenAsync(CancellationToken.None);
        await _network.Between(_member, from).WhenOpenAsync(CancellationToken.None);
        try
        {
            await server.ConnectAsync(_real);
            return true;
        }
        catch (SocketException)
        {
            return false; // The member does not listen (yet).
        }
    }
}
