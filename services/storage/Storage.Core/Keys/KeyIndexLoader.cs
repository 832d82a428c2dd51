using System.Runtime.CompilerServices;
using Storage.Core.Mvcc;

namespace Storage.Core.Keys;

/// <summary>
/// Fills an index from the Revisions table, whose rows come in the order of revisions: deals them out by key to buckets, then sorts each bucket and makes leaves of it.
/// Owner only, and nobody reads meanwhile.
/// </summary>
/// <remarks>
/// Two threads: the rows of one block are dealt out while the next block is gathered, and half of the buckets become leaves on either. All of a store goes through
/// the buckets at once, unless it is so large that they would take more than is good; then what they have is merged into the index, and they are filled anew.
/// </remarks>
/// <param name="index">Empty, or loaded up to some revision; not to be touched before <see cref="Complete"/>.</param>
/// <param name="worker">Does the other half of the work.</param>
/// <param name="maxBytes">Memory that buckets may take, about.</param>
/// <param name="bucketBytes">Size of a bucket.</param>
/// <param name="blockBytes">Size of a block.</param>
public sealed class KeyIndexLoader(
    KeyIndex index, IBatchWorker worker, long maxBytes = 1024 * 1024 * 1024, int bucketBytes = 512 * 1024, int blockBytes = 256 * 1024)
{
    private byte[] _gathered = [], _dealt = [];
    private int _gatheredBytes;
    private KeyBuckets _buckets = new(bucketBytes);

    /// <summary>Some revision had a lease.</summary>
    public bool HasLeases { get; private set; }

    /// <summary>Adds a revision newer than all before, with what its record says.</summary>
    // At a start nothing is hot yet: compiled as well as can be from the first row on.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<byte> key, Revision revision, bool tombstone, long createRevision, long version, long lease)
    {
        HasLeases |= lease != 0;
        var rowBytes = KeyRow.MaxBytes(key.Length);
        if (rowBytes > _gathered.Length - _gatheredBytes)
        {
            Deal();
            if (rowBytes > _gathered.Length)
                _gathered = GC.AllocateUninitializedArray<byte>(Math.Max(blockBytes, rowBytes));
        }
        var state = tombstone ? KeyState.Tombstone(revision) : KeyState.Put(revision, createRevision, version);
        _gatheredBytes += KeyRow.Write(_gathered.AsSpan(_gatheredBytes), key, state, tombstone ? 0 : lease);
    }

    /// <summary>Ends the load.</summary>
    public void Complete()
    {
        Deal();
        worker.Wait();
        index.Merge(_buckets.All, worker);
        _buckets = new(bucketBytes);
    }

    private void Deal()
    {
        worker.Wait();
        if (_buckets.Bytes >= maxBytes)
        {
            index.Merge(_buckets.All, worker);
            _buckets = new(bucketBytes);
        }
        (_gathered, _dealt) = (_dealt, _gathered);
        var (rows, buckets) = (_dealt.AsMemory(0, _gatheredBytes), _buckets);
        _gatheredBytes = 0;
        worker.Begin(() => buckets.Add(rows.Span));
    }
}
