using Storage.Core.Tree;

namespace Storage.Core.State;

/// <summary>How far the state in a data file is.</summary>
public readonly record struct DataSummary(ulong AppliedIndex, ulong AppliedTerm, long Revision, long CompactRevision, long V2Index)
{
    /// <summary>Of the last commit of a file that is not in use; null when no state was ever stored. Writes nothing.</summary>
    /// <exception cref="PageCorruptException">A page on the way failed its checksum.</exception>
    /// <exception cref="InvalidDataException">Written by a newer version.</exception>
    public static DataSummary? Read(IPageDevice device)
    {
        using var snapshot = CopyOnWriteTree.OpenUnused(device);
        return MetaRecord.TryLoad(snapshot, out var meta)
            ? new DataSummary(meta.AppliedIndex, meta.AppliedTerm, meta.Revision, meta.CompactRevision, meta.V2Index)
            : null;
    }
}
