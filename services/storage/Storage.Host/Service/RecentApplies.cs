using Consensus.Contracts;
using Storage.Contracts;

namespace Storage.Host.Service;

/// <summary>How long the newest batches of entries took here, for whoever asks why a request was slow. Thread-safe.</summary>
/// <remarks>One note for each batch, however many entries it has; nothing is allocated after the first.</remarks>
internal sealed class RecentApplies(TimeProvider time)
{
    // At a batch for each sync of a fast disk half a second; slow requests are asked about right after their end.
    private const int MaxBatches = 4096;

    private readonly record struct Batch(ulong First, ulong Last, long Received, long Began, long Ended);

    private readonly Lock _gate = new();
    private Batch[] _ring = [];
    private long _next;

    /// <summary>A batch was applied.</summary>
    /// <param name="first">Its first entry.</param>
    /// <param name="last">Its last.</param>
    /// <param name="received">Timestamp of when it came out of the log.</param>
    /// <param name="began">When its turn came.</param>
    public void Note(LogIndex first, LogIndex last, long received, long began)
    {
        var ended = time.GetTimestamp();
        lock (_gate)
        {
            if (_ring.Length == 0)
                _ring = new Batch[MaxBatches];
            _ring[_next++ % MaxBatches] = new Batch(first.Value, last.Value, received, began, ended);
        }
    }

    /// <summary>Of the batch with an entry; null when it is too old, or not applied yet.</summary>
    public AppliedTimes? Find(LogIndex index)
    {
        lock (_gate)
        {
            for (var n = _next - 1; n >= 0 && n >= _next - _ring.Length; n--)
            {
                var batch = _ring[n % MaxBatches];
                if (index.Value > batch.Last)
                    return null;
                if (index.Value >= batch.First)
                    return new AppliedTimes(time.GetElapsedTime(batch.Received, batch.Began), time.GetElapsedTime(batch.Began, batch.Ended));
            }
            return null;
        }
    }
}
