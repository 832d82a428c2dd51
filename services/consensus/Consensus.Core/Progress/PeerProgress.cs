using Consensus.Contracts;

namespace Consensus.Core.Progress;

/// <summary>How a leader feeds one peer.</summary>
public enum Feed
{
    /// <summary>The matching point is unknown: one append at a time.</summary>
    Probe = 0,

    /// <summary>The peer accepted an append: send ahead of its answers.</summary>
    Replicate,

    /// <summary>What the peer needs next is no longer in the log: it was told to begin its log anew.</summary>
    Snapshot,
}

/// <summary>What a leader knows of one member, itself included (Raft Fig. 2, "volatile state on leaders").</summary>
/// <remarks>Invariant: Match &lt; Next. The leader's own Match is what its disk holds.</remarks>
/// <param name="id">Whom this is about.</param>
/// <param name="maxInflight">Appends on their way, at most.</param>
/// <param name="maxInflightBytes">Command bytes in them; one append always fits.</param>
public sealed class PeerProgress(MemberId id, int maxInflight, long maxInflightBytes)
{
    // Last index and command bytes of each append on its way. Bounded: a peer that is slow or gone costs no memory.
    private readonly Queue<(LogIndex Last, long Bytes)> _inflight = new();
    private long _inflightBytes;

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

    /// <summary>The commit index that the last message told, on a connection that may have lost it.</summary>
    public LogIndex ToldCommit { get; set; }

    /// <summary>A probe or a snapshot message is out and its answer not in.</summary>
    public bool IsProbeOut { get; private set; }

    /// <summary>Nothing more may be sent until an answer or a heartbeat answer comes.</summary>
    public bool IsPaused => Feed == Feed.Replicate ? IsWindowFull : IsProbeOut;

    private bool IsWindowFull => _inflight.Count >= maxInflight || _inflightBytes >= maxInflightBytes;

    /// <summary>Forgets everything: a new term begins, or the member is new.</summary>
    public void Reset(LogIndex next)
    {
        Match = default;
        IsRecentlyActive = false;
        AnsweredRound = 0;
        ToldCommit = default;
        BecomeProbe(next);
    }

    /// <summary>An append with entries up to <paramref name="last"/> was sent.</summary>
    public void Sent(LogIndex last, bool isEmpty, long bytes)
    {
        if (Feed != Feed.Replicate)
        {
            Feed = Feed.Probe;
            IsProbeOut = true;
            return;
        }
        if (isEmpty)
            return;
        Next = last.Next;
        _inflight.Enqueue((last, bytes));
        _inflightBytes += bytes;
    }

    /// <summary>It was told to begin its log after a point beyond <see cref="Next"/>.</summary>
    public void SentSnapshot()
    {
        BecomeProbe(Next);
        Feed = Feed.Snapshot;
        IsProbeOut = true;
    }

    /// <summary>The peer stores everything up to <paramref name="index"/>. False when that is no news.</summary>
    public bool Accepted(LogIndex index)
    {
        while (_inflight.TryPeek(out var append) && append.Last <= index)
            ForgetOldest();
        var isNews = index > Match;
        if (isNews)
            Match = index;
        if (Next <= Match)
            Next = Match.Next;
        if (Feed != Feed.Replicate && (isNews || IsProbeOut))
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
        if (Feed == Feed.Snapshot || refused.Next != Next)
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
        while (_inflight.Count > 0 && IsWindowFull)
            ForgetOldest();
    }

    /// <summary>The connection to it broke: what was on its way may be lost, so find the matching point again.</summary>
    public void Unreachable()
    {
        if (Feed == Feed.Replicate)
            BecomeProbe(Match.Next);
    }

    private void ForgetOldest() => _inflightBytes -= _inflight.Dequeue().Bytes;

    private void BecomeProbe(LogIndex next)
    {
        Feed = Feed.Probe;
        IsProbeOut = false;
        Next = next;
        _inflight.Clear();
        _inflightBytes = 0;
    }
}
