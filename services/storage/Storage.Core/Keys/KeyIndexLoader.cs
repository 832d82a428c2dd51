using Storage.Core.Mvcc;

namespace Storage.Core.Keys;

/// <summary>
/// Fills an index from the Revisions table, whose rows come in the order of revisions: gathers a batch, sorts it by key, and lays it into the index leaf by leaf.
/// Owner only, and nobody reads meanwhile.
/// </summary>
/// <param name="index">Empty, or loaded up to some revision.</param>
/// <param name="minBatchRows">A batch goes through the whole index, so batches grow with it: each key is then moved a few times, not once a batch.</param>
public sealed class KeyIndexLoader(KeyIndex index, int minBatchRows = KeyIndexLoader.DefaultBatchRows)
{
    private const int DefaultBatchRows = 1024 * 1024;

    // A row takes about 100 bytes.
    private const long MaxBytes = 1024L * 1024 * 1024;

    private readonly KeyBatch _batch = new();

    /// <summary>Some revision had a lease.</summary>
    public bool HasLeases { get; private set; }

    /// <summary>Adds a revision newer than all before, with what its record says.</summary>
    public void Add(ReadOnlySpan<byte> key, Revision revision, bool tombstone, long createRevision, long version, long lease)
    {
        HasLeases |= lease != 0;
        _batch.Add(key, tombstone ? KeyState.Tombstone(revision) : KeyState.Put(revision, createRevision, version), tombstone ? 0 : lease);
        if (_batch.Count >= Math.Max(minBatchRows, index.Count / 4) || _batch.Bytes >= MaxBytes)
            Flush();
    }

    /// <summary>Ends the load.</summary>
    public void Complete() => Flush();

    private void Flush()
    {
        _batch.Sort();
        index.Merge(_batch);
        _batch.Clear();
    }
}
