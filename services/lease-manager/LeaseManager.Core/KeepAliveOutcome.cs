namespace LeaseManager.Core;

/// <summary>What came of a keep-alive.</summary>
public enum KeepAliveOutcome
{
    Answered,

    /// <summary>The claim is not held, or the feed is behind.</summary>
    NotReady,

    /// <summary>The claim has to be proven first.</summary>
    Unproven,

    /// <summary>A checkpoint of the lease has to be forgotten first: <see cref="LeaseAuthority.TakeCheckpoints"/> hands it out.</summary>
    Checkpointed,
}
