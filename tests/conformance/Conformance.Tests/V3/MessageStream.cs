using Conformance.Harness;
using Google.Protobuf;
using Grpc.Core;

namespace Conformance.V3;

/// <summary>A bidirectional stream; everything sent and read goes into the transcript.</summary>
internal sealed class MessageStream<TRequest, TResponse>(
    AsyncDuplexStreamingCall<byte[], byte[]> call, MessageParser<TResponse> parser, Transcript transcript, MessageText text) : IAsyncDisposable
    where TRequest : IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    // Ends a hang.
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(40);

    public async Task Send(TRequest request)
    {
        transcript.Add($"> stream {text.Inline(request)}");
        await call.RequestStream.WriteAsync(request.ToByteArray());
    }

    public async Task HalfClose()
    {
        transcript.Add("> stream half-closed");
        await call.RequestStream.CompleteAsync();
    }

    /// <summary>Sends and reads the one answer to it.</summary>
    public async Task<TResponse?> Ask(TRequest request)
    {
        await Send(request);
        return await Read();
    }

    /// <summary>Reads and shows the next message; null when the stream ended instead.</summary>
    public async Task<TResponse?> Read() => await Next() is { } bytes ? Show(bytes) : null;

    /// <summary>Reads several messages whose order is not promised, and shows them in the order of <paramref name="key"/>.</summary>
    public async Task ReadInOrderOf(int count, Func<TResponse, long> key)
    {
        var answers = new List<TResponse>();
        for (var i = 0; i < count && await Next() is { } bytes; i++)
            answers.Add(parser.ParseFrom(bytes));
        foreach (var answer in answers.OrderBy(key))
            transcript.Add(text.Block(answer));
    }

    /// <summary>
    /// Asks again and again until an answer comes: for requests that a server may drop while it is busy. Answers to
    /// the surplus requests are not read.
    /// </summary>
    public async Task<TResponse?> AskUntilAnswered(TRequest request)
    {
        transcript.Add($"> stream, until answered {text.Inline(request)}");
        return await NextWhileAsking(request) is { } bytes ? Show(bytes) : null;
    }

    /// <summary>
    /// Reads up to the last message, and shows of each, the last or not, what is to be compared: how much of a long history a server sends in one message is its own choice.
    /// </summary>
    public async Task ReadUntil(Func<TResponse, bool> isLast, Func<TResponse, bool, IEnumerable<IMessage>> shown)
    {
        while (await Next() is { } bytes && !ShowParts(bytes, isLast, shown))
        {
        }
    }

    /// <summary>As <see cref="ReadUntil"/>, while asking again and again for the last message, as <see cref="AskUntilAnswered"/>.</summary>
    public async Task ReadUntilAnswered(TRequest request, Func<TResponse, bool> isAnswer, Func<TResponse, bool, IEnumerable<IMessage>> shown)
    {
        transcript.Add($"> stream, until answered {text.Inline(request)}");
        await call.RequestStream.WriteAsync(request.ToByteArray());
        while (await NextWhileAsking(request) is { } bytes && !ShowParts(bytes, isAnswer, shown))
        {
        }
    }

    private bool ShowParts(byte[] bytes, Func<TResponse, bool> isLast, Func<TResponse, bool, IEnumerable<IMessage>> shown)
    {
        var message = parser.ParseFrom(bytes);
        var isOver = isLast(message);
        foreach (var part in shown(message, isOver))
            transcript.Add("  " + text.Inline(part));
        if (MessageText.Surplus(parser, bytes) is { Length: > 0 } surplus)
            transcript.Add(surplus);
        return isOver;
    }

    // Nothing tells that a request was dropped.
    private async Task<byte[]?> NextWhileAsking(TRequest request)
    {
        var next = Next();
        while (await Task.WhenAny(next, Task.Delay(200)) != next || !next.IsCompleted)
            await call.RequestStream.WriteAsync(request.ToByteArray());
        return await next;
    }

    private TResponse Show(byte[] bytes)
    {
        transcript.Add(text.Block(parser, bytes));
        return parser.ParseFrom(bytes);
    }

    public ValueTask DisposeAsync()
    {
        call.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<byte[]?> Next()
    {
        using var deadline = new CancellationTokenSource(s_deadline);
        try
        {
            if (await call.ResponseStream.MoveNext(deadline.Token))
                return call.ResponseStream.Current;
            transcript.Add("  end of stream");
        }
        catch (Exception e) when (e is (RpcException or OperationCanceledException) && deadline.IsCancellationRequested)
        {
            // Not into the transcript: two servers that are silent would compare equal.
            throw new TimeoutException($"nothing came within {s_deadline.TotalSeconds} s", e);
        }
        catch (RpcException e)
        {
            transcript.Add($"  stream error {(int)e.StatusCode} {e.StatusCode}: {e.Status.Detail}");
        }
        return null;
    }
}
