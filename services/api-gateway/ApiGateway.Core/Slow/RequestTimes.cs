namespace ApiGateway.Core.Slow;

/// <summary>
/// What is known of where a request's time went. Each part was measured by one process with its own clock, so parts can be added but not placed on one scale; null: not known, or not part of
/// such a request.
/// </summary>
public sealed record RequestTimes
{
    /// <summary>From the request's arrival until its answer was handed to the transport.</summary>
    public required TimeSpan Total { get; init; }

    /// <summary>From the request's arrival until its command was handed to the log.</summary>
    public TimeSpan? BeforeLog { get; init; }

    /// <summary>From there until the gateway had its result.</summary>
    public TimeSpan? UntilResult { get; init; }

    /// <summary>Within that: from when the first proposal of its batch reached the leader until the batch was in the log. An upper bound, since it may not have been the first.</summary>
    public TimeSpan? BatchWait { get; init; }

    /// <summary>Likewise: until the batch was on the leader's stable storage.</summary>
    public TimeSpan? LogSync { get; init; }

    /// <summary>Likewise: until enough other members had it.</summary>
    public TimeSpan? Replication { get; init; }

    /// <summary>Likewise: from when the replica had the committed entry until it began to apply the batch that it came in.</summary>
    public TimeSpan? ApplyWait { get; init; }

    /// <summary>Likewise: until that batch was applied.</summary>
    public TimeSpan? Apply { get; init; }

    /// <summary>A read's wait for the leader to confirm that it leads.</summary>
    public TimeSpan? ReadIndex { get; init; }
}
