using System.Diagnostics;

namespace Consensus.Contracts;

/// <summary>What an entry of the log is for.</summary>
public enum EntryKind : byte
{
    /// <summary>A command of the state machine: opaque bytes here.</summary>
    Command = 0,

    /// <summary>The empty entry with which a leader opens its term (Raft §8).</summary>
    Empty = 1,

    /// <summary>A membership change.</summary>
    Configuration = 2,
}

/// <summary>One entry of the log. <see cref="Data"/> is never changed once it is in an entry.</summary>
public readonly record struct Entry(LogIndex Index, Term Term, EntryKind Kind, ReadOnlyMemory<byte> Data);

/// <summary>Committed entries in index order, without gaps. <see cref="CommitIndex"/> may lie beyond the last of them.</summary>
public sealed record CommittedBatch(IReadOnlyList<Entry> Entries, LogIndex CommitIndex);

/// <summary>A command on its way into the log.</summary>
/// <param name="Command">Opaque bytes, at most <see cref="ConsensusLimits.MaxCommandBytes"/>; owned by the log from here on.</param>
/// <param name="Trace">Span that the consensus spans of this proposal belong to; default when the request is not sampled.</param>
public readonly record struct Proposal(ReadOnlyMemory<byte> Command, ActivityContext Trace);

/// <summary>Bounds that both sides of the contract keep.</summary>
public static class ConsensusLimits
{
    /// <summary>Largest command. A v3 request may have 1.5 MiB (etcd's max-request-bytes), a v2 form 10 MB; the envelope comes on top.</summary>
    public const int MaxCommandBytes = 16 * 1024 * 1024;

    /// <summary>How long entries are kept for a replica that asked for it, counted from its last word.</summary>
    public static readonly TimeSpan KeepTime = TimeSpan.FromSeconds(60);
}
