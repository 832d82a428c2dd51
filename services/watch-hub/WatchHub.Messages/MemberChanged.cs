namespace WatchHub.Messages;

/// <summary>What happened to a member.</summary>
public enum MemberChange
{
    Added,
    Removed,

    /// <summary>A learner votes now.</summary>
    Promoted,

    /// <summary>Its name or URLs are others.</summary>
    Updated,
}

/// <summary>The membership of the cluster is another.</summary>
public sealed record MemberChanged : StoreMessage
{
    public MemberChange Change { get; init; }

    /// <summary>Member id in hexadecimal.</summary>
    public string Member { get; init; } = "";

    /// <summary>Empty until it has started.</summary>
    public string Name { get; init; } = "";

    public IReadOnlyList<string> PeerUrls { get; init; } = [];

    public IReadOnlyList<string> ClientUrls { get; init; } = [];

    public bool IsLearner { get; init; }
}
