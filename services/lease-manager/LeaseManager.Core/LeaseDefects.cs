namespace LeaseManager.Core;

/// <summary>Known mistakes, put in on purpose to show that the simulation finds them.</summary>
[Flags]
internal enum LeaseDefects
{
    None = 0,

    /// <summary>A successor does not wait out what its predecessor may go on promising.</summary>
    SkipGrace = 1 << 0,

    /// <summary>A keep-alive is answered under a claim that nobody has confirmed lately.</summary>
    AnswerUnproven = 1 << 1,

    /// <summary>A successor goes on with the deadlines that it counted while it stood by.</summary>
    KeepDeadlinesAtHandover = 1 << 2,

    /// <summary>A successor gives every lease its whole TTL, whatever was noted of it.</summary>
    ForgetCheckpointsAtHandover = 1 << 3,

    /// <summary>A keep-alive is answered while a checkpoint stands: the extension is lost with the next handover.</summary>
    KeepAliveBesideCheckpoint = 1 << 4,

    /// <summary>A lease is over when the heap says so, although a keep-alive has moved its deadline.</summary>
    TrustStaleDeadlines = 1 << 5,

    /// <summary>A proof counts from when it was made, not from when it was asked for.</summary>
    ProveFromTheAnswer = 1 << 6,

    /// <summary>A lease that the feed tells afresh is taken for a new one: its time begins anew, and its end is no longer under way.</summary>
    ForgetOnReset = 1 << 7,

    /// <summary>A manager that stands by never sees that the holder of the claim is silent.</summary>
    NeverTakeOver = 1 << 8,

    /// <summary>An id that is unknown in a feed that is behind counts as gone.</summary>
    AnswerBehind = 1 << 9,

    /// <summary>A lease ends although a keep-alive of it came in time and waits for its answer.</summary>
    ForgetTheAsked = 1 << 10,
}
