namespace Consensus.Client.Replicated;

/// <summary>How patient a client of several members is.</summary>
public sealed record ReplicatedOptions
{
    /// <summary>A read index not there after this long is asked of the next member as well: far more than a quorum round takes.</summary>
    public TimeSpan ReadHedge { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>What the member in use gets to give the answer that another one has given: more than members are apart in hearing of a leader.</summary>
    public TimeSpan ReadGrace { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How long a call goes on from member to member, unless its caller gives up earlier: etcd's 5 s + 2 election timeouts.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(7);

    /// <summary>What one member gets to tell its status.</summary>
    public TimeSpan StatusAttempt { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>What one member gets to have a membership change made: a commit, an election in between included.</summary>
    public TimeSpan ChangeAttempt { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Wait after a round in which no member answered.</summary>
    public TimeSpan RetryWait { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Where to begin; null: anywhere, so that the clients of a cluster spread over its members.</summary>
    public int? First { get; init; }
}
