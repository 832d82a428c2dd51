namespace LeaseManager.Core;

/// <summary>One lease as the lessor sees it.</summary>
internal sealed class Lease(long id, long ttlSeconds)
{
    public readonly long Id = id;
    public readonly long TtlSeconds = ttlSeconds;

    // Moves later with every keep-alive. The heap's entry for the lease may be older and is corrected when it comes up.
    public TimeSpan Deadline;

    // Handed out for expiry; stays until the feed says that it is gone. A keep-alive no longer helps.
    public bool IsExpiring;

    // Expiring, and in the heap again because the outcome could not be learned.
    public bool IsRetried;

    public bool IsHandedOut => IsExpiring && !IsRetried;
}
