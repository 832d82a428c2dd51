using Consensus.Contracts;
using Storage.Core.Auth;
using Storage.Core.History;
using Storage.Core.Keys;
using Storage.Core.Leases;
using Storage.Core.Mvcc;
using Storage.Core.Tree;
using Storage.Core.V2;

namespace Storage.Core.State;

/// <summary>
/// The state machine after one batch, swapped in whole: every read works on one view. For any thread.
/// </summary>
/// <remarks>
/// Invariant: every revision up to <see cref="Revision"/> that is not in <see cref="Hot"/> is in the tree's last completed commit, or was
/// removed by a compaction that <see cref="Floor"/> tells of.
/// </remarks>
public sealed class StateView
{
    public required LogIndex AppliedIndex { get; init; }
    public required Term AppliedTerm { get; init; }

    /// <summary>v3: newest revision; 1 for an empty store.</summary>
    public required long Revision { get; init; }

    /// <summary>v3: oldest revision that can be read; -1 when nothing was ever compacted.</summary>
    public required long CompactRevision { get; init; }

    public required PruneFloor Floor { get; init; }
    /// <summary>Goes on changing: to be read at revisions up to <see cref="Revision"/>.</summary>
    public required KeyIndex Keys { get; init; }

    /// <summary>Recent v3 revisions.</summary>
    public required NumberedLogView<HotRevision> Hot { get; init; }

    public required ITree Tree { get; init; }
    public required LeasesView Leases { get; init; }
    public required AuthState Auth { get; init; }
    public required IReadOnlyList<(ulong MemberId, int AlarmType)> Alarms { get; init; }

    /// <summary>Members whose NOSPACE alarm a replica raised by itself.</summary>
    public required IReadOnlyList<ulong> AutomaticAlarms { get; init; }

    /// <summary>See <see cref="DowngradeJob.Target"/>.</summary>
    public required string DowngradeTarget { get; init; }

    public required V2View V2 { get; init; }

    /// <summary>Below which v2 keys are v3 keys; null: the two know nothing of each other.</summary>
    public required string? V2Prefix { get; init; }
}
