using System.Diagnostics;
using Consensus.Contracts;

namespace Consensus.Host.Service;

/// <summary>When the batches that this member brought into the log got how far: the newest ones, for whoever asks why a request was slow.</summary>
/// <remarks>Owned by the log thread. A few timestamps for each batch, however many proposals it has; nothing is allocated after the first.</remarks>
internal sealed class BatchTimes
{
    // At a batch for each sync of a fast disk half a second; slow requests are asked about right after their end, and slow are the batches then.
    private const int MaxBatches = 4096;

    private struct Batch
    {
        public ulong First;
        public int Count;
        public long Queued, Appended, Stored, Committed;
    }

    private Batch[] _ring = [];

    // Numbers of batches since the start; a batch lies at its number modulo the length. Invariant: _uncommitted <= _next, _unstored <= _next.
    private long _next;
    private long _unstored;
    private long _uncommitted;

    /// <summary>A batch is in the log, not stored yet.</summary>
    /// <param name="first">Index of its first entry.</param>
    /// <param name="count">Its entries.</param>
    /// <param name="queued">Timestamp of when the first of them came.</param>
    public void Appended(LogIndex first, int count, long queued)
    {
        if (_ring.Length == 0)
            _ring = new Batch[MaxBatches];
        At(_next++) = new Batch { First = first.Value, Count = count, Queued = queued, Appended = Stopwatch.GetTimestamp() };
        _unstored = Math.Max(_unstored, _next - MaxBatches);
        _uncommitted = Math.Max(_uncommitted, _next - MaxBatches);
    }

    /// <summary>What was appended is on stable storage.</summary>
    public void Stored()
    {
        if (_unstored == _next)
            return;
        for (var now = Stopwatch.GetTimestamp(); _unstored < _next; _unstored++)
            At(_unstored).Stored = now;
    }

    /// <summary>Everything up to an index is committed.</summary>
    public void Committed(LogIndex commit)
    {
        if (_uncommitted == _next)
            return;
        var now = Stopwatch.GetTimestamp();
        for (; _uncommitted < _next; _uncommitted++)
        {
            ref var batch = ref At(_uncommitted);
            if (batch.First + (ulong)batch.Count - 1 > commit.Value)
                return;
            batch.Committed = now;
        }
    }

    /// <summary>Leadership is lost: what becomes of the batches under way, others know.</summary>
    public void Abandon() => _unstored = _uncommitted = _next;

    /// <summary>Of the batch with an entry; null when it is too old, was somebody else's, or is not committed.</summary>
    public EntryTimes? Find(LogIndex index)
    {
        for (var n = _next - 1; n >= 0 && n >= _next - _ring.Length; n--)
        {
            ref var batch = ref At(n);
            if (index.Value < batch.First)
                continue;
            if (index.Value - batch.First >= (ulong)batch.Count || batch.Committed == 0)
                return null;
            // Others may have had it before this member's own disk, and the answer goes out then.
            var stored = batch.Stored != 0 && batch.Stored < batch.Committed ? batch.Stored : batch.Committed;
            return new EntryTimes(
                Stopwatch.GetElapsedTime(batch.Queued, batch.Appended), Stopwatch.GetElapsedTime(batch.Appended, stored), Stopwatch.GetElapsedTime(stored, batch.Committed));
        }
        return null;
    }

    private ref Batch At(long number) => ref _ring[number % MaxBatches];
}
