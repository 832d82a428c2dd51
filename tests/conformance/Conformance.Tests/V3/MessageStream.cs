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
    public async Task<TResponse?> Read()
    {
        if (await Next() is not { } bytes)
            return null;
        transcript.Add(text.Block(parser, bytes));
        return parser.ParseFrom(bytes);
    }

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
    /// Reads until <paramref name="count"/> parts have come and shows them as one message. How many revisions of its history a watcher is sent
    /// in one message is the server's choice: etcd sends a thousand of any size, which need not fit what a client accepts, while
    /// here a message is full after some bytes. Only revisions are never split.
    /// </summary>
    public async Task ReadJoined(int count, Func<TResponse, int> parts, Action<TResponse, TResponse> join)
    {
        TResponse? whole = null;
        while ((whole is null || parts(whole) < count) && await Next() is { } bytes)
        {
            var part = parser.ParseFrom(bytes);
            if (whole is null)
                whole = part;
            else
                join(whole, part);
        }
        if (whole is not null)
            transcript.Add(text.Block(whole));
    }

    /// <summary>
    /// Asks again and again until an answer comes: for requests that a server may drop while it is busy. Answers to
    /// the surplus requests are not read.
    /// </summary>
    public async Task<TResponse?> AskUntilAnswered(TRequest request)
    {
        transcript.Add($"> stream, until answered {text.Inline(request)}");
        var answer = Read();
        while (await Task.WhenAny(answer, Task.Delay(200)) != answer || !answer.IsCompleted)
            await call.RequestStream.WriteAsync(request.ToByteArray());
        return await answer;
    }

    /// <summary>Reads up to the last message, and shows what of each is to be compared: a server may spread it over any number of messages.</summary>
    public Task ReadUntil(Func<TResponse, bool> isLast, Func<TResponse, IEnumerable<IMessage>> shown) => ReadUntil(isLast, shown, static () => Task.CompletedTask);

    /// <summary>As <see cref="ReadUntil(Func{TResponse, bool}, Func{TResponse, IEnumerable{IMessage}})"/>, while asking again and again for the last message: a server may drop that while it is busy.</summary>
    public Task ReadUntilAnswered(TRequest request, Func<TResponse, bool> isAnswer, Func<TResponse, IEnumerable<IMessage>> shown)
    {
        transcript.Add($"> stream, until answered {text.Inline(request)}");
        return ReadUntil(isAnswer, shown, () => call.RequestStream.WriteAsync(request.ToByteArray()));
    }

    private async Task ReadUntil(Func<TResponse, bool> isLast, Func<TResponse, IEnumerable<IMessage>> shown, Func<Task> ask)
    {
        for (var isOver = false; !isOver;)
        {
            var next = Next();
            await ask();
            while (await Task.WhenAny(next, Task.Delay(200)) != next || !next.IsCompleted)
                await ask();
            if (await next is not { } bytes)
                return;
            var message = parser.ParseFrom(bytes);
            foreach (var part in shown(message))
                transcript.Add("  " + text.Inline(part));
            isOver = isLast(message);
        }
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
