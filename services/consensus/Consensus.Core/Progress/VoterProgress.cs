using Consensus.Contracts;

namespace Consensus.Core.Progress;

/// <summary>How a leader feeds one follower.</summary>
public enum Feed
{
    /// <summary>The matching point is unknown: one append at a time.</summary>
    Probe = 0,

    /// <summary>The follower accepted an append: send ahead of its answers.</summary>
    Replicate,
}

/// <summary>What a leader knows of one voter, itself included (Raft Fig. 2, "volatile state on leaders").</summary>
/// <remarks>Invariant: Match &lt; Next. The leader's own Match is what its disk holds.</remarks>
public sealed class VoterProgress(MemberId id, int maxInflight)
{
    // Last index of each append on its way. Bounded: a follower that is slow or gone costs no memory.
    private readonly Queue<LogIndex> _inflight = new();

    public MemberId Id { get; } = id;

    /// <summary>Highest index known to be stored there.</summary>
    public LogIndex Match { get; private set; }

    /// <summary>First index of the next append.</summary>
    public LogIndex Next { get; private set; } = new(1);

    public Feed Feed { get; private set; }

    /// <summary>Heard from since the last quorum check (Raft thesis §6.2).</summary>
    public bool IsRecentlyActive { get; set; }

    /// <summary>Highest confirmation round it answered (Raft thesis §6.4).</summary>
    public ulong AnsweredRound { get; set; }

    /// <summary>A probe is out and its answer not in.</summary>
    public bool IsProbeOut { get; private set; }

    /// <summary>Nothing more may be sent until an answer or a heartbeat answer comes.</summary>
    public bool IsPaused => Feed == Feed.Probe ? IsProbeOut : _inflight.Count >= maxInflight;

    /// <summary>Forgets everything: a new term begins.</summary>
    public void Reset(LogIndex next)
    {
        Match = default;
        Next = next;
        Feed = Feed.Probe;
        IsRecentlyActive = false;
        AnsweredRound = 0;
        IsProbeOut = false;
        _inflight.Clear();
    }

    /// <summary>An append with entries up to <paramref name="last"/> was sent.</summary>
    public void Sent(LogIndex last, bool isEmpty)
    {
        if (Feed == Feed.Probe)
        {
            IsProbeOut = true;
            return;
        }
        if (isEmpty)
            return;
        Next = last.Next;
        _inflight.Enqueue(last);
    }

    /// <summary>The voter stores everything up to <paramref name="index"/>. False when that is no news.</summary>
    public bool Accepted(LogIndex index)
    {
        while (_inflight.TryPeek(out var last) && last <= index)
            _inflight.Dequeue();
        var isNews = index > Match;
        if (isNews)
            Match = index;
        if (Next <= Match)
            Next = Match.Next;
        if (Feed == Feed.Probe && (isNews || IsProbeOut))
        {
            Feed = Feed.Replicate;
            Next = Match.Next;
        }
        IsProbeOut = false;
        return isNews;
    }

    /// <summary>The follower refused an append after <paramref name="refused"/>; <paramref name="hint"/> may match. False when the answer is stale.</summary>
    public bool Refused(LogIndex refused, LogIndex hint)
    {
        if (Feed == Feed.Replicate)
        {
            if (refused <= Match)
                return false;
            BecomeProbe(Match.Next);
            return true;
        }
        if (refused.Next != Next)
            return false;
        var next = hint < refused ? hint.Next : refused;
        BecomeProbe(next > Match ? next : Match.Next);
        return true;
    }

    /// <summary>It is alive: whatever was paused may be tried once more, for messages get lost.</summary>
    public void Alive()
    {
        IsRecentlyActive = true;
        IsProbeOut = false;
        if (_inflight.Count >= maxInflight)
            _inflight.Dequeue();
    }

    private void BecomeProbe(LogIndex next)
    {
        Feed = Feed.Probe;
        IsProbeOut = false;
        Next = next;
        _inflight.Clear();
    }
}
