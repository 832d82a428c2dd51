using System.Diagnostics;
using Consensus.Contracts;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using Storage.Core.History;

namespace Storage.Host.Service;

/// <summary>Tails the log, applies, publishes, hands out results. The only place where entries meet the state machine.</summary>
internal sealed class ApplyLoop(
    IConsensus consensus, LogContact contact, StateOwner owner, ResultRouter results, IndexWaiters waiters, ViewSignal signal, CommitLoop commits, SweepLoop sweeps,
    ApplyTimes times, RecentApplies recent, TimeProvider time, FatalHandler fatal, ILogger logger)
{
    // After a long tail batch (a replay) readers and proposers hear of progress at least this often.
    private const int MaxEntriesPerView = 1_024;

    // A tail that brought something is opened again at once: its member is gone, another one is there, and writers wait for what is applied here.
    private static readonly TimeSpan s_firstBackoff = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_longestBackoff = TimeSpan.FromSeconds(2);

    // Owned by this loop; kept from batch to batch.
    private readonly List<CommandResult> _results = [];

    /// <summary>
    /// Applies until told to stop, or until the log no longer holds what comes next: then the result is the oldest index that it holds. Null otherwise.
    /// </summary>
    public async Task<LogIndex?> RunAsync(CancellationToken stopping)
    {
        var backoff = TimeSpan.Zero;
        while (!stopping.IsCancellationRequested)
        {
            Exception broken;
            contact.Opening();
            try
            {
                await foreach (var batch in consensus.TailAsync(owner.Published.Current.AppliedIndex.Next, stopping).ConfigureAwait(false))
                {
                    contact.Heard();
                    if (!TryApply(batch.Entries))
                        return null;
                    backoff = TimeSpan.Zero;
                }
                broken = new InvalidOperationException("the tail ended");
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return null;
            }
            catch (LogCompactedException exception)
            {
                return exception.First;
            }
#pragma warning disable CA1031 // Whatever broke the tail, the way on is the same: open it again where we are.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                broken = exception;
            }
            contact.Broke();
            StorageLog.TailBroken(logger, broken, owner.Published.Current.AppliedIndex.Value, backoff);
            try
            {
                await Task.Delay(backoff, time, stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return null;
            }
            backoff = TimeSpan.FromTicks(Math.Clamp(backoff.Ticks * 2, s_firstBackoff.Ticks, s_longestBackoff.Ticks));
        }
        return null;
    }

    private bool TryApply(IReadOnlyList<Entry> entries)
    {
        var received = time.GetTimestamp();
        try
        {
            for (var from = 0; from < entries.Count; from += MaxEntriesPerView)
                Apply(entries, from, Math.Min(entries.Count, from + MaxEntriesPerView), received);
            return true;
        }
#pragma warning disable CA1031 // A replica that could not apply an entry must not apply the next (I2).
        catch (Exception exception)
#pragma warning restore CA1031
        {
            fatal.Stop($"applying the log after index {owner.Published.Current.AppliedIndex}", exception);
            return false;
        }
    }

    private void Apply(IReadOnlyList<Entry> entries, int from, int to, long received)
    {
        _results.Clear();
        bool sweepPending, tooDirty;
        using (owner.EnterApply())
        {
            // Waiting for the lock is waiting, not applying.
            var began = time.GetTimestamp();
            for (var i = from; i < to; i++)
                Apply(entries[i]);
            owner.Publish();
            recent.Note(entries[from].Index, entries[to - 1].Index, received, began);
            sweepPending = owner.Machine.Sweep.IsPending;
            tooDirty = owner.Tree.DirtyBytes > commits.MaxDirtyBytes;
        }
        // The view is out before any result is: who hears of a write can read it here.
        results.Deliver(_results);
        waiters.Wake(owner.Published.Current.AppliedIndex);
        signal.Set();
        commits.Applied.Raise();
        if (tooDirty)
            commits.Urgent.Raise();
        if (sweepPending)
            sweeps.Pending.Raise();
    }

    private void Apply(in Entry entry)
    {
        var isCommand = entry.Kind == EntryKind.Command;
        CommandEnvelope command = default;
        ReadOnlyMemory<byte> payload = default;
        if (isCommand && !CommandEnvelope.TryDecode(entry.Data, out command, out payload))
            StorageLog.MalformedCommand(logger, entry.Index.Value);

        // An unsampled command costs one comparison here.
        Activity? activity = null;
        ApplySpan? span = null;
        if (command.Trace != default)
        {
            activity = StorageTelemetry.Spans.StartActivity("storage.apply", ActivityKind.Internal, command.Trace);
            span = new ApplySpan(activity?.Context ?? command.Trace);
        }
        var began = time.GetTimestamp();
        if (owner.Machine.Apply(entry, command, payload, span, out var result))
        {
            times.Observe(command.Kind, payload.Span, result, time.GetElapsedTime(began));
            if (command.Session.Value != 0)
                _results.Add(result);
            activity?.SetTag("revision", result.Revision);
        }
        activity?.Dispose();
    }
}
