using Storage.Contracts;

namespace Storage.Core.Checks;

/// <summary>
/// Whether replicas hold the same, told by the hashes of their key spaces at one revision. Only hashes over the same compacted revision can be compared; a
/// replica that has not got there, or has compacted beyond, is passed over.
/// </summary>
public static class ReplicaComparison
{
    /// <summary>At start: whether any other replica holds something else than this one.</summary>
    /// <param name="own">This replica's hash.</param>
    /// <param name="others">Theirs at the same revision.</param>
    public static bool IsDifferent(in HashResult own, IEnumerable<HashResult> others)
    {
        var mine = own;
        return others.Any(other => other.Error == StorageError.None && other.CompactRevision == mine.CompactRevision && other.Hash != mine.Hash);
    }

    /// <summary>While running: the replica that is not what it should be. This one counts as right, unless it contradicts itself.</summary>
    /// <param name="before">This replica's hash at its revision then.</param>
    /// <param name="after">Its hash at its revision after it had applied everything committed when the others answered.</param>
    /// <param name="others">Theirs at the revision of <paramref name="before"/>.</param>
    /// <returns>Its place among the others, <see cref="Own"/>, or null when there is none.</returns>
    public static int? FindDifferent(in HashResult before, in HashResult after, IReadOnlyList<HashResult> others)
    {
        if (before.HashRevision == after.HashRevision && before.CompactRevision == after.CompactRevision && before.Hash != after.Hash)
            return Own;
        for (var i = 0; i < others.Count; i++)
        {
            var other = others[i];
            if (other.Error != StorageError.None)
                continue;
            // Nobody can know of revisions and compactions that are not in the log.
            if (other.CurrentRevision > after.CurrentRevision || other.CompactRevision > after.CompactRevision
                || (other.CompactRevision == before.CompactRevision && other.Hash != before.Hash))
                return i;
        }
        return null;
    }

    /// <summary>This replica itself.</summary>
    public const int Own = -1;
}
