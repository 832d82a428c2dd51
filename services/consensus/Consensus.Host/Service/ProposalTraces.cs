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

    // As many links as the SDK keeps of a span unless told otherwise; each proposal links to its batch in any case.
    private const int MaxLinks = 128;

    // Proposals appended in this turn and not yet stored.
    private readonly List<Traced> _appended = [];

    public bool HasAppended => _appended.Count > 0;

    /// <summary>One of the requests whose proposals were appended; default: none of them is sampled.</summary>
    public ActivityContext OneAppended => HasAppended ? _appended[0].Parent : default;

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
            // The batch has many parents: it is a trace of its own, linked with its proposals in both directions.
            links ??= LinkTo(batch);
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

    private ActivityLink[] LinkTo(List<QueuedProposal> proposals)
    {
        var parents = new List<ActivityLink>();
        for (var i = 0; i < proposals.Count && parents.Count < MaxLinks; i++)
        {
            if (Wants(proposals[i].Proposal.Trace))
                parents.Add(new ActivityLink(proposals[i].Proposal.Trace));
        }
        using var batch = _source.StartActivity("consensus.batch", ActivityKind.Internal, default(ActivityContext), tags: null, parents);
        batch?.SetTag("consensus.entries", proposals.Count);
        return batch is null ? [] : [new ActivityLink(batch.Context)];
    }

    private void Span(string name, ActivityContext parent, ActivityLink[] links, DateTime start, DateTime end)
    {
        using var span = _source.StartActivity(name, ActivityKind.Internal, parent, tags: null, links, start);
        span?.SetEndTime(end);
    }
}
