namespace Liveness;

/// <summary>
/// What comes from the peer of one call, whatever it belongs to: messages wait for those before them on the connection, of this call and of others. Bytes of a message that
/// is not whole yet count. Nothing counts for a call over a channel without <see cref="TrafficHandler"/>. Thread-safe.
/// </summary>
public sealed class CallTraffic
{
    // The library that makes the HTTP request hands nothing through but the flow of execution.
    private static readonly AsyncLocal<CallTraffic?> s_opening = new();

    private volatile ReceivedBytes? _received;

    /// <summary>Bytes so far, never fewer than before once the call is on its way; counted from some point of the connection's life.</summary>
    public long Bytes => _received?.Count ?? 0;

    /// <summary>The call that is being opened where this is asked.</summary>
    internal static CallTraffic? Opening => s_opening.Value;

    /// <summary>Opens the call.</summary>
    public T Open<T>(Func<T> open)
    {
        var outer = s_opening.Value;
        s_opening.Value = this;
        try
        {
            return open();
        }
        finally
        {
            s_opening.Value = outer;
        }
    }

    internal void Follow(ReceivedBytes received) => _received = received;
}
