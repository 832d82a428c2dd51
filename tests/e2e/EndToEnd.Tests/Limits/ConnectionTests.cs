using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EndToEnd.Tests.Limits;

/// <summary>Goal: ten thousand connections cost little, and whoever comes after them is served. Method: open them, keep them, and look at the server's own metrics.</summary>
public sealed class ConnectionTests : IDisposable
{
    private const int Connections = 10_000;

    // Of the server's resident memory.
    private const int MaxBytesPerConnection = 48 * 1024;

    private readonly List<Socket> _open = [];

    public void Dispose() => _open.ForEach(static socket => socket.Dispose());

    [Fact]
    public async Task IdleConnections_TakeBoundedMemory_AndOthersAreServed()
    {
        await using var server = await StartAsync();
        var request = Encoding.ASCII.GetBytes("GET /version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        var before = await MemoryAsync(server);
        await OpenAsync(server, async socket =>
        {
            await socket.SendAsync(request);
            var answer = new byte[1024];
            Assert.StartsWith("HTTP/1.1 200 OK", Encoding.ASCII.GetString(answer, 0, await socket.ReceiveAsync(answer)), StringComparison.Ordinal);
        });
        Assert.InRange((await MemoryAsync(server) - before) / Connections, double.NegativeInfinity, MaxBytesPerConnection);
        using var client = new V3Client(server.Client);
        await client.PutAsync("served", "yes");
    }

    [Fact]
    public async Task SilentConnections_TakeBoundedMemory_AndAreClosed()
    {
        await using var server = await StartAsync();
        var before = await MemoryAsync(server);
        await OpenAsync(server, static _ => Task.CompletedTask);
        Assert.InRange((await MemoryAsync(server) - before) / Connections, double.NegativeInfinity, MaxBytesPerConnection);
        using var client = new V3Client(server.Client);
        await client.PutAsync("served", "yes");
        // Whoever does not show what it speaks is not kept.
        await ClosedAsync(_open[0]).WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static async Task<StandaloneDeployment> StartAsync()
    {
        var server = new StandaloneDeployment();
        await server.StartAsync();
        return server;
    }

    private static async Task ClosedAsync(Socket socket)
    {
        try
        {
            Assert.Equal(0, await socket.ReceiveAsync(new byte[1]));
        }
        catch (SocketException reset) when (reset.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Closed, too.
        }
    }

    private async Task OpenAsync(StandaloneDeployment server, Func<Socket, Task> use)
    {
        var sockets = new Socket[Connections];
        await Parallel.ForEachAsync(Enumerable.Range(0, Connections), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (n, cancellation) =>
        {
            sockets[n] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await sockets[n].ConnectAsync(IPAddress.Loopback, server.Client.Port, cancellation);
            await use(sockets[n]);
        });
        _open.AddRange(sockets);
    }

    private static Task<double> MemoryAsync(StandaloneDeployment server) => ServerMemory.ReadAsync(server.Client);
}
