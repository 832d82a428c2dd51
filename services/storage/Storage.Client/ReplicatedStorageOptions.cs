namespace Storage.Client;

/// <summary>How patient a client of several replicas is.</summary>
public sealed record ReplicatedStorageOptions
{
    /// <summary>A read without an answer for so long is also asked of the next replica; the first answer wins.</summary>
    public TimeSpan HedgeAfter { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>While every replica fails, a read is tried again for so long before the caller gets the failure.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time between two rounds over replicas that all fail.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How long a replica may take to get where the lease feed was before it moved there (the feed must not tell of a past that its consumer has seen end), or, added
    /// to the others, where they are.
    /// </summary>
    public TimeSpan CatchUpLimit { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Replicas behind a name are looked up this often.</summary>
    public TimeSpan DiscoveryInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Place of the replica to begin with; null: as the holder's id says, so that the holders spread.</summary>
    public int? First { get; init; }
}
