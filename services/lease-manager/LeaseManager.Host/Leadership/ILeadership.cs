namespace LeaseManager.Host.Leadership;

/// <summary>
/// Says when this manager is the one that should hold the claim, where that is decided elsewhere: of all managers of the cluster at most about one leads at a time. It decides who claims, not who is right: the claim's epoch does that, and a
/// <see cref="Leases.ClaimProver"/> tells whether it is still the newest. Thread-safe.
/// </summary>
public interface ILeadership
{
    /// <summary>Cheap: asked for each keep-alive.</summary>
    bool IsLeader { get; }

    /// <summary>Completes once <see cref="IsLeader"/> is, or has meanwhile been, something else than <paramref name="known"/>.</summary>
    Task WaitForChangeAsync(bool known, CancellationToken cancellation);
}
