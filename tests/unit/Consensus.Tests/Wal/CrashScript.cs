using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Core.Wal;
using Simulation.Disk;

namespace Consensus.Tests.Wal;

/// <summary>Drives a log through random operations and crashes, next to a model: after every crash the log is what was acknowledged, or that and the operation under way.</summary>
internal sealed class CrashScript(int seed, bool losesPower)
{
    private static readonly WalOptions Options = new() { SegmentBytes = 1024 };

    private readonly Random _random = new(seed);
    private readonly Random _chance = new(seed * 7919);
    private LogModel _before = LogModel.Empty;
    private LogModel _after = LogModel.Empty;
    private ulong _firstAtMost = 1;
    private WriteAheadLog? _log;
    private bool _exists;

    public SimulatedLogDisk Disk { get; } = new(sectorBytes: seed % 2 == 0 ? 512 : 4096);

    public int Crashes { get; private set; }

    /// <summary>Runs some operations; the process ends just before the given operation of the disk, and comes back.</summary>
    /// <param name="steps">Operations of the log.</param>
    /// <param name="crashAt">Operation of the disk; each crash is followed by another as many operations later.</param>
    /// <param name="fails">The disk fails instead of the process.</param>
    public void Run(int steps, long crashAt, bool fails = false)
    {
        Arm(crashAt, fails);
        for (var i = 0; i < steps; i++)
        {
            try
            {
                if (_log is null)
                    Start();
                else
                    Step();
                _before = _after;
                _firstAtMost = _before.First;
            }
            catch (Exception e) when (e is SimulatedCrashException or WalFailedException or WalFullException)
            {
                GoDown();
                // Sometimes opening is interrupted as well.
                while (_chance.Next(3) == 0 && !TryRestart(_chance.Next(1, 8)))
                    GoDown();
                (Disk.CrashAt, Disk.FailAt) = (long.MaxValue, long.MaxValue);
                if (_log is null)
                    Restart();
                Arm(crashAt, fails);
            }
        }
    }

    private void GoDown()
    {
        Crashes++;
        _log = null;
        // By turns: what a process finds after the end of another must outlast the loss of power that follows.
        if (losesPower && _chance.Next(3) > 0)
            Disk.LosePower(_chance);
        else
            Disk.KillProcess();
    }

    private bool TryRestart(int crashAfter)
    {
        Arm(crashAfter, fails: false);
        try
        {
            Restart();
            return true;
        }
        catch (SimulatedCrashException)
        {
            return false;
        }
    }

    private void Arm(long after, bool fails)
    {
        if (after == long.MaxValue)
            return;
        if (fails)
            Disk.FailAt = Disk.Operations + after;
        else
            Disk.CrashAt = Disk.Operations + after;
    }

    private void Start()
    {
        var entries = new[] { Configuration(1, 1) };
        _after = LogModel.Empty.Append(new HardState(new(1), default, new(1)), entries);
        _log = WriteAheadLog.Create(Disk, Options, new ClusterId(5), new MemberId(6), entries, _after.HardState);
        _exists = true;
    }

    private void Restart()
    {
        if (!WriteAheadLog.Exists(Disk))
        {
            Assert.False(_exists, "an acknowledged log is gone");
            return;
        }
        _exists = true;
        _log = WriteAheadLog.Open(Disk, Options);
        Assert.Equal((new ClusterId(5), new MemberId(6)), (_log.Cluster, _log.Member));
        var old = _before == LogModel.Empty ? "not begun" : _before.Difference(_log, _firstAtMost);
        var now = _after.Difference(_log, _firstAtMost);
        Assert.True(old is null || now is null, $"seed {seed}: neither the old log ({old}) nor the new one ({now})");
        _before = (now is null ? _after : _before).DropBefore(_log.First.Value);
        // A commit index that was handed over late may be older than the start of the log; the core takes the later of the two.
        var state = _log.HardState with { Commit = new(Math.Max(_log.HardState.Commit.Value, _log.First.Value - 1)) };
        _before = _before with { HardState = state, Stored = _log.HardState };
        _after = _before;
        _firstAtMost = _before.First;
    }

    private void Step()
    {
        var state = _before.HardState;
        switch (_random.Next(12))
        {
            case 0:
                _log!.EnsureRoom(_random.Next(2000));
                return;
            case 1:
                Append(new HardState(new(state.Term.Value + 1), new(3), state.Commit), [], mustSync: true);
                return;
            case 2:
                Append(state with { Commit = new(Between(state.Commit.Value, _before.Last)) }, [], mustSync: false);
                return;
            case 3:
                Drop(Between(_before.First - 1, state.Commit.Value));
                return;
            case 4 when _random.Next(3) == 0:
                Reset(Between(_before.Last, _before.Last + 10) + 1, state.Term);
                return;
            default:
                AppendEntries(state);
                return;
        }
    }

    private void AppendEntries(HardState state)
    {
        var rewrites = _random.Next(3) == 0;
        var from = rewrites ? Between(state.Commit.Value, _before.Last) + 1 : _before.Last + 1;
        var term = state.Term.Value + (rewrites ? 1u : 0u);
        var hasOpenConfiguration = _before.Configurations.Any(c => c.Index > state.Commit.Value && c.Index < from);
        var entries = new Entry[_random.Next(1, 6)];
        for (var i = 0; i < entries.Length; i++)
        {
            var index = from + (ulong)i;
            entries[i] = !hasOpenConfiguration && i == 0 && _random.Next(3) == 0
                ? Configuration(index, term)
                : new Entry(new(index), new(term), EntryKind.Command, Bytes(_random.Next(200)));
        }
        // As a follower does, the group may say that entries of its own are committed.
        var commit = Between(state.Commit.Value, from + (ulong)entries.Length - 1);
        Append(new HardState(new(term), new(3), new(commit)), entries, mustSync: true);
    }

    private void Append(HardState state, Entry[] entries, bool mustSync)
    {
        _after = mustSync
            ? _before.Append(state, entries)
            : _before with { HardState = state };
        _log!.Append(state, entries, mustSync);
    }

    private void Drop(ulong limit)
    {
        _firstAtMost = limit + 1;
        var first = _log!.DropThrough(new(limit));
        Assert.InRange(first.Value, _before.First, limit + 1);
        _after = _before.DropBefore(first.Value);
    }

    private void Reset(ulong before, Term term)
    {
        var configuration = Bytes(40);
        var state = new HardState(term, new(3), new(before));
        _after = new LogModel { First = before + 1, HardState = state, Stored = state, Configurations = [(before - 1, configuration)] };
        _firstAtMost = before + 1;
        _log!.Reset(new(before), term, new(before - 1), configuration, state);
    }

    private Entry Configuration(ulong index, ulong term) => new(new(index), new(term), EntryKind.Configuration, Bytes(_random.Next(1, 80)));

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    private ulong Between(ulong from, ulong to) => from + (ulong)_random.NextInt64((long)(to - from) + 1);
}
