using ApiGateway.Core.Errors;
using ApiGateway.Host.Calls;

namespace ApiGateway.Host.Limits;

/// <summary>
/// How many bytes of answers may wait for clients to take them. Small answers pass: what the streams of a connection can hold of those is bounded by their number. A large one is refused
/// while others fill the room, and so that clients that take nothing keep nobody out for good, those that had long enough are cut off then. Thread-safe.
/// </summary>
/// <remarks>An answer that is larger than the whole room passes when it is alone.</remarks>
internal sealed class AnswerRoom(GatewayOptions options, TimeProvider time, ILogger<AnswerRoom> logger)
{
    /// <summary>Answers below are not counted, in bytes.</summary>
    public const int SmallBytes = 64 * 1024;

    private static readonly object s_isTaken = new();

    private readonly Lock _gate = new();
    private readonly HashSet<Waiting> _waiting = [];
    private long _bytes;

    /// <summary>Bytes of large answers that are on their way.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
                return _bytes;
        }
    }

    /// <summary>Lets endpoints return once the client has taken a large answer: over HTTP/2 the server would otherwise take a response for over as soon as it is written.</summary>
    public static void WaitUntilTaken(EndpointBuilder endpoint)
    {
        var answer = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = async context =>
        {
            await answer(context).ConfigureAwait(false);
            if (context.Items.ContainsKey(s_isTaken))
                await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        };
    }

    /// <summary>Takes room for an answer until the response that carries it is over. Once for each request: another form of the same answer needs no more.</summary>
    /// <exception cref="RequestFailedException">"Too many requests": there is none.</exception>
    public void Take(HttpContext http, int bytes)
    {
        if (bytes < SmallBytes)
            return;
        http = OuterRequest.Of(http);
        if (http.Items.ContainsKey(s_isTaken))
            return;
        var waiting = new Waiting(http.Connection.Id, bytes, time.GetTimestamp(), http.Abort);
        List<Waiting> stalled = [];
        bool fits;
        lock (_gate)
        {
            fits = Fits(waiting);
            if (fits)
                Add(waiting);
            else
                stalled = [.. _waiting.Where(IsStalled)];
        }
        foreach (var other in stalled)
        {
            logger.AnswerNotTaken(other.Bytes, other.Connection);
            other.CutOff();
        }
        if (!fits)
            throw new RequestFailedException(EtcdError.TooManyRequests);
        http.Items[s_isTaken] = true;
        http.Response.OnCompleted(GiveBack, waiting);
    }

    private bool Fits(Waiting waiting)
    {
        var ofConnection = 0L;
        foreach (var other in _waiting)
            ofConnection += other.Connection == waiting.Connection ? other.Bytes : 0;
        return IsWithin(_bytes, options.MaxAnswerBytes) && IsWithin(ofConnection, options.MaxAnswerBytesPerConnection);

        bool IsWithin(long taken, long most) => taken == 0 || taken + waiting.Bytes <= most;
    }

    private bool IsStalled(Waiting waiting) => time.GetElapsedTime(waiting.Since) >= options.AnswerStallLimit;

    private void Add(Waiting waiting)
    {
        _waiting.Add(waiting);
        _bytes += waiting.Bytes;
    }

    private Task GiveBack(object waiting)
    {
        lock (_gate)
        {
            if (_waiting.Remove((Waiting)waiting))
                _bytes -= ((Waiting)waiting).Bytes;
        }
        return Task.CompletedTask;
    }

    private sealed class Waiting(string connection, int bytes, long since, Action cutOff)
    {
        public string Connection => connection;

        public int Bytes => bytes;

        public long Since => since;

        public void CutOff() => cutOff();
    }
}
