using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using ApiGateway.Tests.Fakes;

namespace ApiGateway.Tests.Host;

/// <summary>Goal: a client that pings too often hears why it is sent away. Method: HTTP/2 frames over a socket.</summary>
public sealed class KeepAliveTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    private static readonly byte[] s_ping = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];

    [Fact]
    public async Task Pings_TooMany_AreAnsweredWithGoAway()
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(gateway.Address);
        var stream = client.GetStream();
        await stream.WriteAsync((byte[])[.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0]);
        for (var i = 0; i < 3; i++)
        {
            await stream.WriteAsync(s_ping);
            Assert.Equal((byte)6, (await ReadUntilAsync(stream, type: 6)).Type);
        }
        await stream.WriteAsync(s_ping);
        var (type, payload) = await ReadUntilAsync(stream, type: 7);
        Assert.Equal((byte)7, type);
        Assert.Equal((0, 0xb), (BinaryPrimitives.ReadInt32BigEndian(payload), BinaryPrimitives.ReadInt32BigEndian(payload.AsSpan(4))));
        Assert.Equal("too_many_pings", Encoding.ASCII.GetString(payload, 8, payload.Length - 8));
        // Nothing more is said, and the connection is closed once the client is silent.
        client.Client.Shutdown(SocketShutdown.Send);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        Assert.Equal(0, await stream.ReadAsync(new byte[1], patience.Token));
    }

    private static async Task<(byte Type, byte[] Payload)> ReadUntilAsync(NetworkStream stream, byte type)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (true)
        {
            var head = new byte[9];
            await stream.ReadExactlyAsync(head, patience.Token);
            var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
            await stream.ReadExactlyAsync(payload, patience.Token);
            if (head[3] == type || head[3] == 7)
                return (head[3], payload);
        }
    }
}
