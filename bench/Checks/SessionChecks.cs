using System.Buffers.Binary;
using Bench.Http2;

namespace Bench.Checks;

internal static class SessionChecks
{
    private static readonly byte[] ResponseHeaders = [0x88];
    private static readonly byte[] OkTrailers = [0x40, 11, .. "grpc-status"u8, 1, (byte)'0'];

    public static void UnaryCallCutEverywhere()
    {
        byte[] answer =
        [
            .. Frame(FrameType.Settings, 0, 0),
            .. Frame(FrameType.Headers, FrameHeader.EndHeaders, 1, ResponseHeaders),
            .. Frame(FrameType.Data, 0, 1, Message("pong"u8)),
            .. Frame(FrameType.Headers, FrameHeader.EndStream, 1, OkTrailers[..5]),
            .. Frame(FrameType.Continuation, FrameHeader.EndHeaders, 1, OkTrailers[5..]),
        ];
        for (var cut = 0; cut <= answer.Length; cut++)
        {
            var session = new Http2Session("test");
            var call = new RecordedCall();
            session.Start(call, GrpcMethod.Put, "ping"u8, isLast: true);
            var used = session.Receive(answer.AsSpan(0, cut));
            session.Receive(answer.AsSpan(used));
            SelfCheck.Equal("pong", string.Join(',', call.Messages), $"message when cut at {cut}");
            SelfCheck.Equal<int?>(0, call.Status, $"status when cut at {cut}");
        }
    }

    public static void MessageOverSeveralFrames()
    {
        var (session, call) = Started();
        byte[] two = [.. Message("first message"u8), .. Message("second"u8)];
        for (var n = 0; n < two.Length; n++)
            session.Receive(Frame(FrameType.Data, FrameHeader.Padded, 1, [3, two[n], 0, 0, 0]));
        SelfCheck.Equal("first message,second", string.Join(',', call.Messages), "messages");
    }

    public static void LargeRequestWaitsForWindows()
    {
        const int RequestBytes = 200_000;
        var session = new Http2Session("test");
        session.Receive(Frame(FrameType.Settings, 0, 0));
        Drain(session);
        session.Start(new RecordedCall(), GrpcMethod.Put, new byte[RequestBytes], isLast: true);
        var sent = Drain(session);
        SelfCheck.Equal(65_535, sent.Bytes, "bytes within the default windows");
        session.Receive(Frame(FrameType.WindowUpdate, 0, 0, [0, 1, 0, 0]));
        SelfCheck.Equal(0, Drain(session).Bytes, "bytes while the stream's window is closed");
        session.Receive(Frame(FrameType.WindowUpdate, 0, 1, [0, 0, 0, 10]));
        SelfCheck.Equal(10, Drain(session).Bytes, "bytes of a small update");
        session.Receive(Frame(FrameType.WindowUpdate, 0, 0, [0, 16, 0, 0]));
        session.Receive(Frame(FrameType.WindowUpdate, 0, 1, [0, 16, 0, 0]));
        var rest = Drain(session);
        SelfCheck.Equal(RequestBytes + GrpcCall.PrefixBytes - 65_545, rest.Bytes, "the rest");
        SelfCheck.Equal(true, rest.IsEnded, "end of the stream");
    }

    public static void CallsBeyondLimitWait()
    {
        var session = new Http2Session("test");
        session.Receive(Frame(FrameType.Settings, 0, 0, [0, 3, 0, 0, 0, 1]));
        var (first, second) = (new RecordedCall(), new RecordedCall());
        session.Start(first, GrpcMethod.Put, "1"u8, isLast: true);
        session.Start(second, GrpcMethod.Put, "2"u8, isLast: true);
        SelfCheck.Equal(0, second.StreamId, "stream of the waiting call");
        session.Receive(Frame(FrameType.Headers, FrameHeader.EndHeaders | FrameHeader.EndStream, 1, OkTrailers));
        SelfCheck.Equal<int?>(0, first.Status, "status of the first");
        SelfCheck.Equal(3, second.StreamId, "stream of the second");
    }

    public static void PingsResetsAndBadFrames()
    {
        var (session, call) = Started();
        session.Receive(Frame(FrameType.Ping, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]));
        SelfCheck.Equal(true, session.Output.Pending.IndexOf((ReadOnlySpan<byte>)[(byte)FrameType.Ping, FrameHeader.Ack, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]) >= 0, "ping answered");
        session.Receive(Frame(FrameType.RstStream, 0, 1, [0, 0, 0, 8]));
        SelfCheck.Equal<int?>(-1, call.Status, "status after a reset");
        SelfCheck.Throws<Http2Exception>(() => session.Receive(Frame(FrameType.Continuation, 0, 1)), "a stray continuation");
        var (broken, _) = Started();
        SelfCheck.Throws<Http2Exception>(() => broken.Receive(Frame(FrameType.Data, FrameHeader.Padded, 1, [9])), "padding longer than its frame");
    }

    private static (Http2Session Session, RecordedCall Call) Started()
    {
        var session = new Http2Session("test");
        session.Receive(Frame(FrameType.Settings, 0, 0));
        var call = new RecordedCall();
        session.Start(call, GrpcMethod.Put, "ping"u8, isLast: true);
        return (session, call);
    }

    // Empties the output; how many DATA bytes were in it and whether one frame ended its stream.
    private static (int Bytes, bool IsEnded) Drain(Http2Session session)
    {
        var rest = session.Output.Pending;
        if (rest.StartsWith("PRI "u8))
            rest = rest[24..];
        var (bytes, isEnded) = (0, false);
        while (!rest.IsEmpty)
        {
            var frame = FrameHeader.Read(rest);
            rest = rest[(FrameHeader.Bytes + frame.Length)..];
            if (frame.Type != FrameType.Data)
                continue;
            bytes += frame.Length;
            isEnded |= frame.Has(FrameHeader.EndStream);
        }
        session.Output.Consume(session.Output.Pending.Length);
        return (bytes, isEnded);
    }

    private static byte[] Frame(FrameType type, int flags, int streamId, params byte[] payload)
    {
        var frame = new byte[FrameHeader.Bytes + payload.Length];
        new FrameHeader(payload.Length, type, (byte)flags, streamId).Write(frame);
        payload.CopyTo(frame, FrameHeader.Bytes);
        return frame;
    }

    private static byte[] Message(ReadOnlySpan<byte> content)
    {
        var message = new byte[GrpcCall.PrefixBytes + content.Length];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), content.Length);
        content.CopyTo(message.AsSpan(GrpcCall.PrefixBytes));
        return message;
    }
}
