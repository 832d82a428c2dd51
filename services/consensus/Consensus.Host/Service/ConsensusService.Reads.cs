using System.Diagnostics;
using Consensus.Contracts;
using Consensus.Core.Raft;

namespace Consensus.Host.Service;

// Read indexes on the log thread: one request to the core serves all reads that wait when it is made, and there is one at a time. What has to
// be asked again, because a leader or a message was lost, is; only a caller's patience ends a read.
public sealed partial class ConsensusService
{
    // Reads without a request: new ones, and those to be asked for again.
    private readonly List<WaitingRead> _waitingReads = [];

    // Reads of the request under way.
    private readonly List<WaitingRead> _askedReads = [];
    private ulong _readContext;
    private int _ticksSinceAsked;

    private void AskForReads()
    {
        while (_newReads.TryDequeue(out var read))
            _waitingReads.Add(read);
        if (_waitingReads.Count == 0 || _askedReads.Count > 0 || _raft.RequestRead(_readContext + 1) != RaftError.None)
            return;
        _readContext++;
        _ticksSinceAsked = 0;
        _askedReads.AddRange(_waitingReads);
        _waitingReads.Clear();
    }

    private void AnswerRead(in ReadResult result)
    {
        // An answer to what was asked again meanwhile.
        if (result.Context != _readContext)
            return;
        if (!result.IsConfirmed)
        {
            AskAgain();
            return;
        }
        var index = new ReadIndex(result.Index, result.Term);
        foreach (var read in _askedReads)
            read.TrySetResult(index);
        _askedReads.Clear();
        if (_waitingReads.Count > 0 || !_newReads.IsEmpty)
            AskForReads();
    }

    /// <summary>What was asked may never be answered.</summary>
    private void AskAgain()
    {
        _waitingReads.AddRange(_askedReads);
        _askedReads.Clear();
        // An answer that comes yet is still good, but it is not waited for: a context is never used twice.
        _readContext++;
    }

    private void TickReads()
    {
        if (_askedReads.Count > 0 && ++_ticksSinceAsked > 2 * _options.HeartbeatTicks)
            AskAgain();
        if (_waitingReads.Count > 0)
            DropOverdueReads();
        // The way to it broke, or its address was not known: whatever happened since, nobody waits for a leader that there is.
        if (_route.IsNowhere && _raft.Leader != default)
            ChangeRoute(_raft.Leader);
    }

    /// <summary>Those whose callers gave up, and those whose time is over; what is asked for is looked at when it is asked for again.</summary>
    private void DropOverdueReads()
    {
        var now = Stopwatch.GetTimestamp();
        foreach (var read in _waitingReads)
        {
            if (read.Deadline <= now)
                read.TrySetException(new NoLeaderException($"no leader confirmed itself within {_options.ReadTimeout.TotalSeconds} s"));
        }
        _waitingReads.RemoveAll(static read => read.Task.IsCompleted);
    }

    private void EndReads(string reason)
    {
        AskAgain();
        while (_newReads.TryDequeue(out var read))
            _waitingReads.Add(read);
        foreach (var read in _waitingReads)
            read.TrySetException(new NoLeaderException(reason));
        _waitingReads.Clear();
    }
}
