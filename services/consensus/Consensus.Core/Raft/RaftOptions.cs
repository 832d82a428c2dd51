using Consensus.Contracts;

namespace Consensus.Core.Raft;

/// <summary>What a <see cref="RaftNode"/> is told once.</summary>
public sealed record RaftOptions
{
    public required MemberId Self { get; init; }

    /// <summary>Source of election jitter; two members should not share it.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Ticks without a leader before an election; each election waits a random time in [this, 1.3 * this).</summary>
    public int ElectionTimeoutTicks { get; init; } = 10;

    /// <summary>Ticks between heartbeats.</summary>
    public int HeartbeatTicks { get; init; } = 1;

    /// <summary>Ask before an election whether it could be won (Raft thesis §9.6).</summary>
    public bool PreVote { get; init; } = true;

    /// <summary>Command bytes a leader accepts beyond its commit index. One batch is always accepted when there are none.</summary>
    public long MaxUncommittedBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Command bytes in one append message; one entry always fits.</summary>
    public int MaxAppendBytes { get; init; } = 1024 * 1024;

    /// <summary>
    /// Command bytes in an append that looks for the matching point: it may have to be sent again for every answer to a heartbeat. An entry that is larger waits until the point is
    /// known.
    /// </summary>
    public int MaxProbeBytes { get; init; } = 64 * 1024;

    /// <summary>Append messages on their way to one follower.</summary>
    public int MaxInflightAppends { get; init; } = 256;

    /// <summary>Command bytes on their way to one follower; one append always fits.</summary>
    public long MaxInflightBytes { get; init; } = 64L * 1024 * 1024;

    internal Defects Defects { get; init; }
}
