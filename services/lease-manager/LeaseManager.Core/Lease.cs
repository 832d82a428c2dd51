namespace LeaseManager.Core;

/// <summary>One lease as the lessor sees it.</summary>
internal sealed class Lease(long id, long ttlSeconds, ulong grantedAt)
{
    public readonly long Id = id;
    public readonly long TtlSeconds = ttlSeconds;

    // Log index of the grant: an id can be granted again.
    public readonly ulong GrantedAt = grantedAt;

    // Moves later with every keep-alive. The heap's entry for the lease may be older and is corrected when it comes up.
    public TimeSpan Deadline;

    // As replicated state has it: what a successor gives. 0: the whole TTL.
    public long CheckpointSeconds;

    // Handed out for expiry; stays until the feed says that it is gone. A keep-alive no longer helps.
    public bool IsExpiring;

    // Expiring, and in the heap again because the outcome could not be learned.
    public bool IsRetried;

    // A checkpoint of it is on its way: until its outcome is known, nobody can tell what a successor would give.
    public bool IsCheckpointing;

    // A keep-alive waits for its checkpoint to be forgotten.
    public bool IsToForget;

    public bool IsHandedOut => IsExpiring && !IsRetried;

    /// <summary>What replicated state says a lease of this manager's successor gets.</summary>
    public long StartSeconds => CheckpointSeconds != 0 ? CheckpointSeconds : TtlSeconds;
}
