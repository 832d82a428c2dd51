namespace WatchHub.Messages;

/// <summary>Another term has a leader, perhaps the same. Terms that were over when the feed looked are left out.</summary>
public sealed record LeaderChanged : StoreMessage
{
    public ulong Term { get; init; }

    /// <summary>Member id in hexadecimal.</summary>
    public string Leader { get; init; } = "";

    /// <summary>The leader that was last told of.</summary>
    public string PreviousLeader { get; init; } = "";
}
