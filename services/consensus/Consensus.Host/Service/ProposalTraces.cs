using System.Diagnostics;
using Consensus.Contracts;

namespace Consensus.Host.Service;

/// <summary>Spans of the sampled proposals on their way through the log; touched only when there are any.</summary>
/// <remarks>Owned by the log thread.</remarks>
internal sealed class ProposalTraces : IDisposable
{
    private sealed record Traced(ActivityContext Parent, LogIndex Index, ActivityLink[] Batch)
    {
        public DateTime Durable { get; set; }
    }

    private readonly ActivitySource _source = new(ConsensusService.TelemetryName);
    private readonly Queue<Traced> _open = new();

    // Proposals appended in this turn and not yet stored.
    private readonly List<Traced> _appended = [];

    public bool HasAppended => _appended.Count > 0;

    /// <summary>True when the proposal's request is sampled and somebody collects.</summary>
    public bool Wants(in ActivityContext trace) =>
        (trace.TraceFlags & ActivityTraceFlags.Recorded) != 0 && _source.HasListeners();

    /// <summary>The log took a batch; the sampled ones among it end their time in the queue.</summary>
    public void Appended(List<QueuedProposal> batch, LogIndex first)
    {
        ActivityLink[]? links = null;
        for (var i = 0; i < batch.Count; i++)
        {
            var trace = batch[i].Proposal.Trace;
            if (batch[i].Enqueued == default || !Wants(trace))
                continue;
            // The batch has many parents: it is a trace of its own, and its proposals link to it.
            links ??= LinkTo(batch.Count);
            Span("consensus.propose", trace, links, batch[i].Enqueued, DateTime.UtcNow);
            _appended.Add(new Traced(trace, new LogIndex(first.Value + (ulong)i), links));
        }
    }

    /// <summary>What was appended is on stable storage.</summary>
    public void Stored(DateTime began)
    {
        var now = DateTime.UtcNow;
        foreach (var traced in _appended)
        {
            Span("consensus.fsync", traced.Parent, traced.Batch, began, now);
            traced.Durable = now;
            _open.Enqueue(traced);
        }
        _appended.Clear();
    }

    /// <summary>Everything up to <paramref name="commit"/> is committed.</summary>
    public void Committed(LogIndex commit)
    {
        while (_open.TryPeek(out var traced) && traced.Index <= commit)
        {
            _open.Dequeue();
            Span("consensus.commit", traced.Parent, traced.Batch, traced.Durable, DateTime.UtcNow);
        }
    }

    /// <summary>Leadership is lost: whether what is open will ever be committed, this member does not say.</summary>
    public void Abandon()
    {
        _open.Clear();
        _appended.Clear();
    }

    public void Dispose() => _source.Dispose();

    private ActivityLink[] LinkTo(int entries)
    {
        using var batch = _source.StartActivity("consensus.batch", ActivityKind.Internal, default(ActivityContext));
        batch?.SetTag("consensus.entries", entries);
        return batch is null ? [] : [new ActivityLink(batch.Context)];
    }

    private void Span(string name, ActivityContext parent, ActivityLink[] links, DateTime start, DateTime end)
    {
        using var span = _source.StartActivity(name, ActivityKind.Internal, parent, tags: null, links, start);
        span?.SetEndTime(end);
    }
}
