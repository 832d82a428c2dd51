using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Consensus.Tests.Service;
using Consensus.Tests.Support;

namespace Consensus.Tests.Peers;

/// <summary>What a member's port answers to those who dial it, byte by byte.</summary>
public sealed class PeerConnectionTests : IAsyncLifetime, IDisposable
{
    private const byte Hello = 0x0A, ClusterTag = 0x09, FromTag = 0x11, ToTag = 0x19, UrlTag = 0x22, WelcomeTag = 0x1A, PingTag = 0x21, RefusalTag = 0x08;
    private const ulong Stranger = 77;
    private static readonly byte[] s_preface = Encoding.ASCII.GetBytes("raft/1\r\n");

    private readonly TempDirectory _temp = new();
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(20));
    private TestMember _member = null!;

    public async Task InitializeAsync()
    {
        _member = await TestMember.OpenAsync("a", _temp["a"]);
        await _member.StartAsync([_member]);
    }

    public async Task DisposeAsync() => await _member.DisposeAsync();

    public void Dispose()
    {
        _deadline.Dispose();
        _temp.Dispose();
    }

    [Fact]
    public async Task Hello_OfThisCluster_IsWelcomedAndThenHearsThatTheMemberLives()
    {
        using var socket = await DialAsync([.. s_preface, .. HelloFrame(_member.Service.Cluster.Value, _member.Service.Self.Value)]);
        Assert.Equal([WelcomeTag, 0], await FrameAsync(socket));
        // Its beats are pings: a number to come back.
        var ping = await FrameAsync(socket) ?? throw new InvalidOperationException("the connection ended");
        Assert.Equal((PingTag, 9), (ping[0], ping.Length));
    }

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(0, 1, 2)]
    public async Task Hello_OfAnotherClusterOrForAnotherMember_IsRefusedWithTheReason(ulong otherCluster, ulong otherMember, byte refusal)
    {
        using var socket = await DialAsync(
            [.. s_preface, .. HelloFrame(_member.Service.Cluster.Value + otherCluster, _member.Service.Self.Value + otherMember)]);
        Assert.Equal([WelcomeTag, 2, RefusalTag, refusal], await FrameAsync(socket));
        Assert.Null(await FrameAsync(socket));
    }

    [Theory]
    [InlineData("ff ff ff 7f")] // Two GiB.
    [InlineData("ff ff ff ff")] // Less than nothing.
    [InlineData("02 00 00 00 ff ff")] // No message.
    [InlineData("00 00 00 00")] // Not who it is.
    public async Task AfterThePreface_NoHello_EndsTheConnection(string bytes)
    {
        using var socket = await DialAsync([.. s_preface, .. Convert.FromHexString(bytes.Replace(" ", ""))]);
        Assert.Null(await FrameAsync(socket));
    }

    [Fact]
    public async Task Preface_AndThenSilence_EndsTheConnection()
    {
        using var socket = await DialAsync(s_preface);
        Assert.Null(await FrameAsync(socket));
    }

    [Fact]
    public async Task Welcomed_AndThenSilence_EndsTheConnection()
    {
        using var socket = await DialAsync([.. s_preface, .. HelloFrame(_member.Service.Cluster.Value, _member.Service.Self.Value)]);
        while (await FrameAsync(socket) is not null)
        {
            // Beats, until the member has had enough of us.
        }
    }

    private static byte[] HelloFrame(ulong cluster, ulong to)
    {
        // Somebody whom nobody reaches: port 1 is never a member's.
        byte[] url = [UrlTag, 18, .. "http://127.0.0.1:1"u8];
        var hello = new byte[27];
        hello[0] = ClusterTag;
        BinaryPrimitives.WriteUInt64LittleEndian(hello.AsSpan(1), cluster);
        hello[9] = FromTag;
        BinaryPrimitives.WriteUInt64LittleEndian(hello.AsSpan(10), Stranger);
        hello[18] = ToTag;
        BinaryPrimitives.WriteUInt64LittleEndian(hello.AsSpan(19), to);
        var length = (byte)(hello.Length + url.Length);
        return [(byte)(length + 2), 0, 0, 0, Hello, length, .. hello, .. url];
    }

    private async Task<Socket> DialAsync(byte[] first)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(_member.Url).Port, _deadline.Token);
        await socket.SendAsync(first, _deadline.Token);
        return socket;
    }

    /// <summary>The next frame without its length; null when the connection ended.</summary>
    private async Task<byte[]?> FrameAsync(Socket socket)
    {
        return await ReadAsync(4) is { } header ? await ReadAsync(BinaryPrimitives.ReadInt32LittleEndian(header)) : null;

        async Task<byte[]?> ReadAsync(int count)
        {
            var bytes = new byte[count];
            for (var at = 0; at < count;)
            {
                int read;
                try
                {
                    read = await socket.ReceiveAsync(bytes.AsMemory(at), _deadline.Token);
                }
                catch (SocketException)
                {
                    return null;
                }
                if (read == 0)
                    return null;
                at += read;
            }
            return bytes;
        }
    }
}
