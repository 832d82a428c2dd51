using Storage.Core.Mvcc;

namespace Storage.Core.Keys;

/// <summary>
/// Fills an index from the Revisions table, whose rows come in the order of revisions: gathers a batch, sorts it by key, and lays it into the index leaf by leaf
/// while the next one is gathered. Owner only, and nobody reads meanwhile.
/// </summary>
/// <param name="index">Empty, or loaded up to some revision; not to be touched before <see cref="Complete"/>.</param>
/// <param name="worker">Sorts and lays.</param>
/// <param name="minBatchRows">A batch goes through the whole index, so batches grow with it: each key is then moved a few times, not once a batch.</param>
public sealed class KeyIndexLoader(KeyIndex index, IBatchWorker worker, int minBatchRows = KeyIndexLoader.DefaultBatchRows)
{
    private const int DefaultBatchRows = 512 * 1024;

    // Two batches are in memory, of about 100 bytes a row: for a large store about as much as its index takes.
    private const int BatchesOfAll = 2;
    private const long MaxBatchBytes = 512 * 1024 * 1024;

    private KeyBatch _gathered = new(), _merged = new();
    private long _rows;

    /// <summary>Some revision had a lease.</summary>
    public bool HasLeases { get; private set; }

    /// <summary>Adds a revision newer than all before, with what its record says.</summary>
    public void Add(ReadOnlySpan<byte> key, Revision revision, bool tombstone, long createRevision, long version, long lease)
    {
        HasLeases |= lease != 0;
        _gathered.Add(key, tombstone ? KeyState.Tombstone(revision) : KeyState.Put(revision, createRevision, version), tombstone ? 0 : lease);
        _rows++;
        if (_gathered.Count >= Math.Max(minBatchRows, _rows / BatchesOfAll) || _gathered.Bytes >= MaxBatchBytes)
            Flush();
    }

    /// <summary>Ends the load.</summary>
    public void Complete()
    {
        Flush();
        worker.Wait();
    }

    private void Flush()
    {
        worker.Wait();
        (_gathered, _merged) = (_merged, _gathered);
        _gathered.Clear();
        var batch = _merged;
        worker.Begin(() =>
        {
            batch.Sort();
            index.Merge(batch);
        });
    }
}
