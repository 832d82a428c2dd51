using System.Net;
using System.Net.Sockets;
using Chaos.Tests.Harness.Network;

namespace Chaos.Tests.Network;

/// <summary>
/// Goal: the network between the members does what its faults say, no more. Method: this process is member 0 and dials; a listener of its own, behind the proxy,
/// is member 1.
/// </summary>
#pragma warning disable CA1001 // Disposed by xunit, through IAsyncLifetime.
public sealed class PeerProxyTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);

    private readonly PeerNetwork _network = new(2);
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private PeerProxy _proxy = null!;

    public Task InitializeAsync()
    {
        _server.Start();
        _proxy = new PeerProxy(1, Ports.Free(1)[0], ((IPEndPoint)_server.LocalEndpoint).Port, _network, () => [[Environment.ProcessId], []]);
        _proxy.Open();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _server.Dispose();
    }

    [Fact]
    public async Task Network_WithoutFault_CarriesBothWays()
    {
        using var pair = await ConnectAsync();
        await AssertCarriesAsync(pair.Dialler, pair.Server);
        await AssertCarriesAsync(pair.Server, pair.Dialler);
    }

    [Fact]
    public async Task Cut_Incoming_HoldsWhatTheMemberIsSentUntilHealed()
    {
        using var pair = await ConnectAsync();
        _network.Cut(1, Direction.Incoming);
        var arrival = await SendAsync(pair.Dialler, pair.Server);
        await AssertCarriesAsync(pair.Server, pair.Dialler); // The other way is open: by then the first would have arrived.
        Assert.False(arrival.IsCompleted);
        _network.Heal();
        await arrival.WaitAsync(s_soon);
    }

    [Fact]
    public async Task Cut_Outgoing_HoldsWhatTheMemberSendsUntilHealed()
    {
        using var pair = await ConnectAsync();
        _network.Cut(1, Direction.Outgoing);
        var arrival = await SendAsync(pair.Server, pair.Dialler);
        await AssertCarriesAsync(pair.Dialler, pair.Server);
        Assert.False(arrival.IsCompleted);
        _network.Heal();
        await arrival.WaitAsync(s_soon);
    }

    [Fact]
    public async Task Cut_EitherWay_LetsNoNewConnectionThroughUntilHealed()
    {
        _network.Cut(1, Direction.Outgoing);
        var connecting = ConnectAsync();
        _network.Cut(0, Direction.Incoming); // The same link, cut twice: healing mends it once and for all.
        Assert.False(_server.Pending());
        _network.Heal();
        using var pair = await connecting.WaitAsync(s_soon);
        await AssertCarriesAsync(pair.Dialler, pair.Server);
    }

    [Fact]
    public async Task Reset_OfAMember_ResetsItsConnectionsAndNewOnes()
    {
        using var pair = await ConnectAsync();
        await AssertCarriesAsync(pair.Dialler, pair.Server);
        _network.Reset(1);
        Assert.Equal(SocketError.ConnectionReset, await ReceiveErrorAsync(pair.Dialler));
        Assert.Equal(SocketError.ConnectionReset, await ReceiveErrorAsync(pair.Server));
        using var again = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await again.ConnectAsync(IPAddress.Loopback, _proxy.Port);
        Assert.Equal(SocketError.ConnectionReset, await ReceiveErrorAsync(again));
    }

    [Fact]
    public async Task Delay_Outgoing_DelaysThatWayOnly()
    {
        using var pair = await ConnectAsync();
        var delay = TimeSpan.FromMilliseconds(300);
        _network.Delay(1, Direction.Outgoing, delay);
        var began = DateTime.UtcNow;
        var slow = await SendAsync(pair.Server, pair.Dialler);
        await AssertCarriesAsync(pair.Dialler, pair.Server);
        Assert.False(slow.IsCompleted);
        await slow.WaitAsync(s_soon);
        Assert.True(DateTime.UtcNow - began >= delay);
    }

    [Fact]
    public async Task Close_OfTheProxy_RefusesConnections()
    {
        await _proxy.CloseAsync();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var error = await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(IPAddress.Loopback, _proxy.Port));
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
    }

    [Fact]
    public async Task Connection_WhoseServerEnds_EndsForTheDiallerToo()
    {
        using var pair = await ConnectAsync();
        pair.Server.Close();
        Assert.Equal(0, await pair.Dialler.ReceiveAsync(new byte[1]).WaitAsync(s_soon));
    }

    private async Task<Pair> ConnectAsync()
    {
        var dialler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await dialler.ConnectAsync(IPAddress.Loopback, _proxy.Port);
        return new(dialler, await _server.AcceptSocketAsync());
    }

    private static async Task AssertCarriesAsync(Socket from, Socket to) => await (await SendAsync(from, to)).WaitAsync(s_soon);

    // Completes when what was sent has arrived.
    private static async Task<Task> SendAsync(Socket from, Socket to)
    {
        var sent = new byte[100_000];
        Random.Shared.NextBytes(sent);
        var arrival = Task.Run(async () =>
        {
            var received = new byte[sent.Length];
            for (var count = 0; count < received.Length;)
            {
                var read = await to.ReceiveAsync(received.AsMemory(count));
                Assert.NotEqual(0, read);
                count += read;
            }
            Assert.Equal(sent, received);
        });
        for (var left = sent.AsMemory(); left.Length > 0;)
            left = left[await from.SendAsync(left)..];
        return arrival;
    }

    private static async Task<SocketError> ReceiveErrorAsync(Socket socket) =>
        (await Assert.ThrowsAsync<SocketException>(() => socket.ReceiveAsync(new byte[1]).WaitAsync(s_soon))).SocketErrorCode;

    private sealed record Pair(Socket Dialler, Socket Server) : IDisposable
    {
        public void Dispose()
        {
            Dialler.Dispose();
            Server.Dispose();
        }
    }
}
