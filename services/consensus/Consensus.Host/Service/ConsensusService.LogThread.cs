using System.Diagnostics;
using System.Runtime.InteropServices;
using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Host.Wal;

namespace Consensus.Host.Service;

// The log thread: the only one that touches the Raft node and writes the log. Everything here runs on it.
public sealed partial class ConsensusService
{
    private readonly Dictionary<ulong, TaskCompletionSource<ReadIndex>> _reads = [];
    private readonly Dictionary<string, LogIndex> _durable = new(StringComparer.Ordinal);
    private ulong _lastReadContext;

    // Drained from the queue; not empty between turns only while the core has too much uncommitted.
    private List<QueuedProposal> _batch = [];
    private ReadOnlyMemory<byte>[] _commands = new ReadOnlyMemory<byte>[256];
    private LogIndex _dropLimit;
    private bool _isFull;

    private void Run()
    {
        try
        {
            HandleReady();
            _firstTurn.SetResult();
            var nextTick = Stopwatch.GetTimestamp() + TickDuration;
            while (!_isStopping)
            {
                _wake.Wait(MillisecondsUntil(nextTick));
                if (Stopwatch.GetTimestamp() >= nextTick)
                {
                    nextTick = Stopwatch.GetTimestamp() + TickDuration;
                    _raft.Tick();
                }
                Turn();
            }
            // What was accepted with success is still stored.
            _proposals.Close(static () => new ProposalStreamBrokenException(StoppingReason));
            Turn();
            End(StoppingReason);
        }
        catch (Exception e)
        {
            OnFailed(e);
        }
    }

    private long TickDuration => (long)(_options.Tick.TotalSeconds * Stopwatch.Frequency);

    private static int MillisecondsUntil(long timestamp)
    {
        var left = timestamp - Stopwatch.GetTimestamp();
        return left <= 0 ? 0 : (int)(left * 1000 / Stopwatch.Frequency) + 1;
    }

    private void Turn()
    {
        while (_requests.TryDequeue(out var request))
            request();
        if (_batch.Count == 0)
            _proposals.Drain(ref _batch);
        if (_batch.Count > 0)
            ProposeBatch();
        HandleReady();
    }

    private void ProposeBatch()
    {
        if (_batch.Count > _commands.Length)
            _commands = new ReadOnlyMemory<byte>[Math.Max(_batch.Count, _commands.Length * 2)];
        long bytes = 0;
        var batch = CollectionsMarshal.AsSpan(_batch);
        for (var i = 0; i < batch.Length; i++)
        {
            _commands[i] = batch[i].Proposal.Command;
            bytes += _commands[i].Length;
        }

        if (!HasRoom(batch.Length, bytes))
        {
            Refuse("no space left for the log");
            return;
        }
        switch (_raft.Propose(_commands.AsSpan(0, batch.Length), out var first))
        {
            case RaftError.None:
                _traces.Appended(_batch, first);
                ClearBatch();
                break;
            case RaftError.TooManyUncommitted:
                // Kept for the turn after the next commit; meanwhile the queue fills and producers wait.
                break;
            default:
                Refuse("this member is not the leader");
                break;
        }
    }

    private void ClearBatch()
    {
        _commands.AsSpan(0, _batch.Count).Clear();
        _batch.Clear();
    }

    private bool HasRoom(int commands, long commandBytes)
    {
        try
        {
            _wal.EnsureRoom(WriteAheadLog.MaxGroupBytes(commands, commandBytes));
            _isFull = false;
            return true;
        }
        catch (WalFullException e)
        {
            // Said once; every new proposal tries again.
            if (!_isFull)
                Log.DiskFull(_logger, e);
            _isFull = true;
            return false;
        }
    }

    private void Refuse(string reason)
    {
        _metrics.Failed(_batch.Count);
        ClearBatch();
        BreakStreams(reason);
    }

    /// <summary>Does what the core asks for until it asks for nothing more: store, publish, answer reads.</summary>
    private void HandleReady()
    {
        while (_raft.TryTakeReady(out var ready))
        {
            // A single voter has nobody to write to.
            Invariant.Holds(ready.Messages.Count == 0 && ready.MessagesAfterPersist.Count == 0);
            Store(ready);
            _recent.Add(ready.Entries);
            Publish(ready.CommitIndex);
            _raft.Advance(ready);
            foreach (var result in ready.Reads)
                AnswerRead(result);
        }
    }

    private void Store(in Ready ready)
    {
        if (!ready.HardStateChanged && ready.Entries.Length == 0)
            return;
        if (!_metrics.IsTimingWrites && !_traces.HasAppended)
        {
            _wal.Append(ready.HardState, ready.Entries, ready.MustSync);
            return;
        }
        var began = DateTime.UtcNow;
        var start = Stopwatch.GetTimestamp();
        _wal.Append(ready.HardState, ready.Entries, ready.MustSync);
        if (!ready.MustSync)
            return;
        _metrics.Wrote(Stopwatch.GetElapsedTime(start));
        if (_traces.HasAppended)
            _traces.Stored(began);
    }

    private void Publish(LogIndex commit)
    {
        var current = _status;
        if (current.Term != _raft.Term || current.Leader != _raft.Leader || current.LastIndex != _raft.LastIndex)
            _status = MakeStatus();
        if (commit > _commits.Commit)
        {
            _commits.Publish(commit);
            _metrics.Committed(commit.Value);
            _traces.Committed(commit);
        }
        // After the commit index that makes it true.
        if (_identity.Members.Count == 1 && _raft.IsReadable)
            Volatile.Write(ref _readableTerm, _raft.Term.Value);
    }

    private void OnRead(ulong context, TaskCompletionSource<ReadIndex> read)
    {
        if (_raft.RequestRead(context) == RaftError.None)
            _reads.Add(context, read);
        else
            read.TrySetException(new NoLeaderException("no leader is known"));
    }

    private void AnswerRead(in ReadResult result)
    {
        // Gone when its caller has given up.
        if (!_reads.Remove(result.Context, out var read))
            return;
        if (result.IsConfirmed)
            read.TrySetResult(new ReadIndex(result.Index, result.Term));
        else
            read.TrySetException(new NoLeaderException("the leader changed"));
    }

    private void OnDurable(string storageReplica, LogIndex durable)
    {
        _durable[storageReplica] = durable;
        if (_durable.Count < _options.DurableReplicas)
            return;
        var held = _durable.Values.OrderDescending().ElementAt(_options.DurableReplicas - 1);
        var limit = held < _commits.Commit ? held : _commits.Commit;
        if (limit.Value <= _options.KeepEntries || limit <= _dropLimit)
            return;
        _dropLimit = limit;
        var first = _wal.DropThrough(new LogIndex(limit.Value - _options.KeepEntries));
        if (first > _raft.FirstIndex)
        {
            _raft.LogDropped(first);
            Log.SegmentsDropped(_logger, first.Value);
        }
    }

    private void BreakStreams(string reason)
    {
        ProposalStream[] streams;
        lock (_streamsGate)
        {
            streams = [.. _streams];
            _streams.Clear();
        }
        foreach (var stream in streams)
            stream.Break(reason);
    }

    /// <summary>Ends everything that waits for this thread, and lets the files go.</summary>
    private void End(string reason)
    {
        _isStopping = true;
        Volatile.Write(ref _readableTerm, 0);
        _proposals.Close(() => new ProposalStreamBrokenException(reason));
        BreakStreams(reason);
        _commits.Close(reason);
        while (_requests.TryDequeue(out var request))
            request();
        foreach (var read in _reads.Values)
            read.TrySetException(new NoLeaderException(reason));
        _reads.Clear();
        try
        {
            _wal.Dispose();
        }
        finally
        {
            _directory.Dispose();
            _metrics.Dispose();
            _traces.Dispose();
            _ended.TrySetResult();
        }
    }

    /// <summary>
    /// Whatever gets here leaves the log in an unknown state: nothing more is promised, and the process is told to end.
    /// </summary>
    private void OnFailed(Exception e)
    {
        Log.Failed(_logger, e);
        if (_firstTurn.TrySetException(e))
            return;
        try
        {
            End($"the log failed: {e.Message}");
        }
        catch (Exception second) when (second is IOException or UnauthorizedAccessException)
        {
            Log.Failed(_logger, second);
        }
        _options.OnFatal(e);
    }
}
