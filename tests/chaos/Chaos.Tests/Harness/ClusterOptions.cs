namespace Chaos.Tests.Harness;

/// <summary>What a scenario needs of its cluster.</summary>
public sealed record ClusterOptions
{
    public int Members { get; init; } = 3;

    /// <summary>Each member's data lies on a file system of its own.</summary>
    public bool OwnDisks { get; init; }

    /// <summary>Each member has a clock of its own.</summary>
    public bool OwnClocks { get; init; }

    /// <summary>Variables of every member, such as <c>ETCD_SNAPSHOT_COUNT</c>.</summary>
    public IReadOnlyDictionary<string, string?> Variables { get; init; } = new Dictionary<string, string?>();
}
