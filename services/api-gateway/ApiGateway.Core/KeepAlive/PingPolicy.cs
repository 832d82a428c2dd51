namespace ApiGateway.Core.KeepAlive;

/// <summary>
/// How often a client may ping, as etcd's gRPC library polices it (v3-wire §1): no sooner after the last ping than the minimum, and, while it has no stream open, than two
/// hours. The third ping in a row that comes too soon is one too many; whatever the server sends of an answer forgives those before. Not thread-safe.
/// </summary>
/// <param name="minTime">Between two pings while a stream is open.</param>
public sealed class PingPolicy(TimeSpan minTime)
{
    private const int MaxStrikes = 2;
    private static readonly TimeSpan s_minTimeIdle = TimeSpan.FromHours(2);

    private readonly HashSet<int> _open = [];
    private TimeSpan? _lastPing;
    private bool _isForgiven;
    private int _strikes;

    /// <summary>The highest stream that the client has opened.</summary>
    public int LastStream { get; private set; }

    /// <summary>Takes notice of a frame of the client.</summary>
    /// <param name="head">The frame.</param>
    /// <param name="now">Since any fixed point in time.</param>
    /// <returns>False when the client is to be sent away.</returns>
    public bool Received(FrameHead head, TimeSpan now)
    {
        switch (head.Type)
        {
            case FrameHead.Headers when head.Stream > LastStream:
                LastStream = head.Stream;
                _open.Add(head.Stream);
                return true;
            case FrameHead.Reset:
                _open.Remove(head.Stream);
                return true;
            default:
                return !head.IsPing || Pinged(now);
        }
    }

    /// <summary>Takes notice of a frame to the client.</summary>
    public void Sent(FrameHead head)
    {
        _isForgiven |= head.Type is FrameHead.Headers or FrameHead.Data;
        if (head.EndsStream || head.Type == FrameHead.Reset)
            _open.Remove(head.Stream);
    }

    private bool Pinged(TimeSpan now)
    {
        var last = _lastPing;
        _lastPing = now;
        if (_isForgiven)
        {
            (_isForgiven, _strikes) = (false, 0);
            return true;
        }
        if (last is { } before && now - before < (_open.Count > 0 ? minTime : s_minTimeIdle))
            _strikes++;
        return _strikes <= MaxStrikes;
    }
}
