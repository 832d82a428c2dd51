using ApiGateway.Core.KeepAlive;

namespace ApiGateway.Tests.Core;

/// <summary>Goal: clients may ping as often as etcd lets them. Method: frames and times, without a connection.</summary>
public sealed class PingPolicyTests
{
    private static readonly FrameHead s_ping = new(FrameHead.Ping, 0, 0);
    private static readonly FrameHead s_answer = new(FrameHead.Ping, 1, 0);

    private readonly PingPolicy _policy = new(TimeSpan.FromSeconds(5));
    private double _seconds;

    private bool Ping(double secondsLater) => _policy.Received(s_ping, TimeSpan.FromSeconds(_seconds += secondsLater));

    private void Open(int stream) => Assert.True(_policy.Received(new FrameHead(FrameHead.Headers, 0, stream), TimeSpan.FromSeconds(_seconds)));

    [Fact]
    public void Pings_WithAStream_AtTheMinimum_AreTaken()
    {
        Open(1);
        Assert.All(Enumerable.Range(0, 100), _ => Assert.True(Ping(5)));
    }

    [Fact]
    public void Pings_WithAStream_TooSoon_AreTakenTwice()
    {
        Open(1);
        Assert.Equal([true, true, true, false], [Ping(0), Ping(4.9), Ping(4.9), Ping(4.9)]);
    }

    [Fact]
    public void Pings_WithoutAStream_MayComeEveryTwoHours()
    {
        Assert.All(Enumerable.Range(0, 10), _ => Assert.True(Ping(7200)));
        Assert.Equal([true, true, false], [Ping(3600), Ping(3600), Ping(3600)]);
    }

    [Theory]
    [InlineData(FrameHead.Data, 0)]
    [InlineData(FrameHead.Headers, 0)]
    public void Answers_ForgiveWhatWasBefore(byte type, byte flags)
    {
        Open(1);
        for (var i = 0; i < 10; i++)
        {
            Assert.True(Ping(0.1));
            Assert.True(Ping(0.1));
            _policy.Sent(new FrameHead(type, flags, 1));
        }
    }

    [Fact]
    public void Streams_ThatHaveEnded_DoNotCount()
    {
        Open(1);
        Open(3);
        Ping(10);
        _policy.Sent(new FrameHead(FrameHead.Headers, 1, 1));
        _policy.Received(new FrameHead(FrameHead.Reset, 0, 3), default);
        // The answer forgave the first of these.
        Assert.Equal([true, true, true, false], [Ping(10), Ping(10), Ping(10), Ping(10)]);
        Assert.Equal(3, _policy.LastStream);
    }

    [Fact]
    public void AnswersToPings_AreNoPings() => Assert.All(Enumerable.Range(0, 100), _ => Assert.True(_policy.Received(s_answer, default)));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(1000)]
    public void Cursor_BytesInPieces_FindsEveryFrame(int pieceBytes)
    {
        byte[] bytes =
        [
            .. new byte[FrameCursor.ClientPrefaceBytes],
            0, 0, 0, 4, 0, 0, 0, 0, 0,
            0, 1, 2, 0, 1, 0x80, 0, 0, 5, .. new byte[258],
            0, 0, 8, 6, 0, 0, 0, 0, 0, .. new byte[8],
        ];
        var cursor = new FrameCursor(FrameCursor.ClientPrefaceBytes);
        var heads = new List<FrameHead>();
        for (var at = 0; at < bytes.Length; at += pieceBytes)
        {
            ReadOnlySpan<byte> piece = bytes.AsSpan(at, Math.Min(pieceBytes, bytes.Length - at));
            while (cursor.Next(ref piece, out var head))
                heads.Add(head);
        }
        Assert.Equal([new FrameHead(4, 0, 0), new FrameHead(0, 1, 5), new FrameHead(6, 0, 0)], heads);
        Assert.True(heads[1].EndsStream);
        Assert.True(heads[2].IsPing);
    }
}
