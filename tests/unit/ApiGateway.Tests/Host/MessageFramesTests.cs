using System.Buffers;
using System.IO.Pipelines;
using ApiGateway.Host.Calls;
using Grpc.Core;

namespace ApiGateway.Tests.Host;

/// <summary>Messages of a call are taken whole, however they arrive, and what is no message ends the call.</summary>
public sealed class MessageFramesTests
{
    private const int MaxBytes = 300;

    private readonly Pipe _body = new();
    private readonly MessageFrames _frames;

    public MessageFramesTests() => _frames = new MessageFrames(_body.Reader, MaxBytes);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(10_000)]
    public async Task Take_BodyInPieces_EveryMessageOnceInOrder(int pieceBytes)
    {
        byte[][] messages = [[1, 2, 3], [], [4], [.. Enumerable.Repeat((byte)5, MaxBytes)]];
        var bytes = messages.SelectMany(static message => Frame(message)).ToArray();
        var reading = ReadAllAsync();
        foreach (var piece in bytes.Chunk(pieceBytes))
            await _body.Writer.WriteAsync(piece);
        await _body.Writer.CompleteAsync();
        Assert.Equal(messages, await reading);
    }

    [Fact]
    public async Task Take_MessagesThatCameTogether_WithoutWaitingBetween()
    {
        await _body.Writer.WriteAsync(Frame([1]).Concat(Frame([2])).ToArray());
        Assert.True(await _frames.WaitAsync(default));
        Assert.True(_frames.TryTake(out _));
        Assert.True(_frames.TryTake(out var second));
        Assert.Equal([2], second.ToArray());
        Assert.False(_frames.TryTake(out _));
    }

    [Theory]
    [InlineData("a prefix that breaks off", new byte[] { 0, 0, 0 }, StatusCode.Internal)]
    [InlineData("a message that breaks off", new byte[] { 0, 0, 0, 0, 2, 9 }, StatusCode.Internal)]
    [InlineData("compressed, nobody said how", new byte[] { 1, 0, 0, 0, 1, 9 }, StatusCode.Internal)]
    [InlineData("too long", new byte[] { 0, 0, 0, 1, 45 }, StatusCode.ResourceExhausted)]
    [InlineData("far too long", new byte[] { 0, 255, 255, 255, 255 }, StatusCode.ResourceExhausted)]
    public async Task Wait_NoMessage_EndsTheCall(string what, byte[] bytes, StatusCode expected)
    {
        Assert.NotEmpty(what);
        await _body.Writer.WriteAsync(bytes);
        await _body.Writer.CompleteAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () => await _frames.WaitAsync(default));
        Assert.Equal(expected, error.StatusCode);
    }

    [Fact]
    public async Task Wait_CallEnds_IsGivenUp()
    {
        using var ending = new CancellationTokenSource();
        var waiting = _frames.WaitAsync(ending.Token).AsTask();
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private async Task<List<byte[]>> ReadAllAsync()
    {
        List<byte[]> messages = [];
        while (await _frames.WaitAsync(default))
            while (_frames.TryTake(out var message))
                messages.Add(message.ToArray());
        return messages;
    }

    private static byte[] Frame(byte[] message)
    {
        var frame = new byte[MessageFrame.PrefixBytes + message.Length];
        MessageFrame.Write(frame, message.Length);
        message.CopyTo(frame, MessageFrame.PrefixBytes);
        return frame;
    }
}
