namespace WatchHub.Messages;

/// <summary>Another claim on the leases is in force: another lease manager has them, or the same has claimed them anew.</summary>
public sealed record LeaseManagerHandedOver : StoreMessage
{
    /// <summary>Counts the claims.</summary>
    public ulong Epoch { get; init; }
}
