using Bench.Measure;
using Consensus.Contracts;
using Storage.Contracts;
using Storage.Core.State;
using Storage.Core.Tree;

namespace Bench.Store;

/// <summary>A state machine without its shell: applies blocks as the apply loop does, a view after every batch, a tree commit after every block.</summary>
internal sealed class LocalStore
{
    // What a hundred clients have in flight.
    private const int EntriesPerView = 100;

    private readonly IPageDevice _device;
    private readonly PutBlock _block = new(valueBytes: 256);

    public LocalStore(ITree tree, IPageDevice device)
    {
        _device = device;
        Machine = StateMachine.Open(tree, new StateMachineOptions());
        State = new PublishedState(Machine.Freeze());
    }

    public StateMachine Machine { get; }

    public PublishedState State { get; }

    /// <summary>Puts the keys of these numbers; what a put took of this thread's processor time, its share of the commit included but not the disk's.</summary>
    /// <returns>Microseconds and allocated bytes of one put, and of that the microseconds for commits.</returns>
    public (double Microseconds, double Bytes, double CommitMicroseconds) Put(int puts, Func<int, int> keyNumber)
    {
        double apply = 0, commit = 0;
        long bytes = 0;
        for (var done = 0; done < puts;)
        {
            var first = done;
            var entries = _block.Next(Machine.AppliedIndex.Value, Math.Min(puts - done, PutBlock.Entries), i => keyNumber(first + i));
            var before = GC.GetAllocatedBytesForCurrentThread();
            var began = ThreadClock.Microseconds();
            Apply(entries);
            apply += ThreadClock.Microseconds() - began;
            bytes += GC.GetAllocatedBytesForCurrentThread() - before;
            commit += Commit();
            done += entries.Length;
        }
        return ((apply + commit) / puts, (double)bytes / puts, commit / puts);
    }

    private void Apply(ReadOnlySpan<Entry> entries)
    {
        for (var i = 0; i < entries.Length; i++)
        {
            if (!CommandEnvelope.TryDecode(entries[i].Data, out var command, out var payload)
                || !Machine.Apply(entries[i], command, payload, null, out var result) || result.Error != StorageError.None)
                throw new BenchException("a put was not applied");
            if ((i + 1) % EntriesPerView == 0)
                State.Current = Machine.Freeze();
        }
        State.Current = Machine.Freeze();
    }

    private double Commit()
    {
        var began = ThreadClock.Microseconds();
        var pending = Machine.BeginCommit() ?? throw new BenchException("there was nothing to commit");
        var sealing = ThreadClock.Microseconds() - began;
        pending.Commit.WriteTo(_device);
        began = ThreadClock.Microseconds();
        Machine.CompleteCommit(pending);
        State.Current = Machine.Freeze();
        return sealing + ThreadClock.Microseconds() - began;
    }
}
