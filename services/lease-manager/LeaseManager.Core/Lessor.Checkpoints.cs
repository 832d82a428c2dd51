using LeaseManager.Core.Deadlines;

namespace LeaseManager.Core;

/// <summary>
/// Checkpoints: how much is left of a lease that runs for long is noted in replicated state from time to time, so that a successor does not give it its whole TTL
/// again.
/// </summary>
/// <remarks>
/// A checkpoint is a number of seconds from the moment at which a successor takes over, which is later than the one at which it was measured: it never ends a
/// lease early by itself. A keep-alive would make it wrong, so none is answered while one stands or is on its way: it is forgotten first, by a command of its own.
/// </remarks>
public sealed partial class Lessor
{
    private readonly TimeSpan? _checkpointInterval;

    // One entry for each lease of more than an interval, at the time when its next checkpoint may be due.
    private readonly DeadlineHeap _checkpoints = new();

    // Outcome not known. Outlives Reset, as _handedOut does: a lease that was told afresh may still get the checkpoint that is on its way.
    private readonly HashSet<long> _checkpointing = [];

    // In the order in which keep-alives asked.
    private readonly Queue<Lease> _toForget = new();

    internal int CheckpointEntries => _checkpoints.Count;

    /// <summary>When <see cref="TakeCheckpoints"/> may next have something; null: not before something else happens.</summary>
    public TimeSpan? NextCheckpoint => _toForget.Count > 0 ? TimeSpan.MinValue : _checkpoints.Next;

    /// <summary>Replicated state has another checkpoint of a lease; 0: none.</summary>
    public void Checkpointed(long id, long checkpointSeconds)
    {
        if (_leases.TryGetValue(id, out var lease))
            lease.CheckpointSeconds = checkpointSeconds;
    }

    /// <summary>
    /// Hands out checkpoints to propose, at most <paramref name="max"/>: 0 seconds where one is to be forgotten. Each lease is under way until
    /// <see cref="CheckpointDone"/> or <see cref="Activate"/>.
    /// </summary>
    public void TakeCheckpoints(TimeSpan now, int max, List<(long Id, long RemainingSeconds)> into)
    {
        while (into.Count < max && _toForget.TryDequeue(out var asked))
        {
            asked.IsToForget = false;
            if (IsCurrent(asked) && asked is { IsCheckpointing: false, CheckpointSeconds: not 0 })
                Take(asked, 0, into);
        }
        while (into.Count < max && _checkpoints.TryPop(now, out var lease))
        {
            if (!IsCurrent(lease))
                continue;
            var left = lease.Deadline - now;
            if (left <= _checkpointInterval || lease.IsExpiring)
                // Near its end. If it is renewed meanwhile, its time begins anew.
                _checkpoints.Push(lease, left > TimeSpan.Zero ? lease.Deadline : now + _checkpointInterval!.Value);
            else if (lease.IsCheckpointing)
                _checkpoints.Push(lease, now + _checkpointInterval!.Value);
            else if (CheckpointDue(lease) > now)
                _checkpoints.Push(lease, CheckpointDue(lease));
            else
            {
                Take(lease, RoundUp(left), into);
                _checkpoints.Push(lease, now + _checkpointInterval!.Value);
            }
        }
    }

    /// <summary>Checkpoints took effect, and so has the feed up to them; or they were refused, and are due again after the interval.</summary>
    public void CheckpointDone(IEnumerable<long> ids)
    {
        foreach (var id in ids)
        {
            _checkpointing.Remove(id);
            if (_leases.TryGetValue(id, out var lease))
                lease.IsCheckpointing = false;
        }
    }

    private void Take(Lease lease, long remainingSeconds, List<(long Id, long RemainingSeconds)> into)
    {
        lease.IsCheckpointing = true;
        _checkpointing.Add(lease.Id);
        into.Add((lease.Id, remainingSeconds));
    }

    private void Forget(Lease lease)
    {
        // While one is on its way its outcome comes first; who waits for it asks again.
        if (lease.IsToForget || lease.IsCheckpointing)
            return;
        lease.IsToForget = true;
        _toForget.Enqueue(lease);
    }

    private void ScheduleCheckpoint(Lease lease, TimeSpan now)
    {
        if (_checkpointInterval is { } interval && lease.TtlSeconds > interval.TotalSeconds)
            _checkpoints.Push(lease, now + interval);
    }

    private void RebuildCheckpoints()
    {
        if (_checkpointInterval is { } interval)
        {
            _checkpoints.Rebuild(
                _leases.Values.Where(lease => lease.TtlSeconds > interval.TotalSeconds).Select(lease => (lease, CheckpointDue(lease))));
        }
    }

    // An interval after its time began, here or by its last checkpoint.
    private TimeSpan CheckpointDue(Lease lease) => lease.Deadline - TimeSpan.FromSeconds(lease.StartSeconds) + _checkpointInterval!.Value;

    private static long RoundUp(TimeSpan left) => (left.Ticks + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond;
}
