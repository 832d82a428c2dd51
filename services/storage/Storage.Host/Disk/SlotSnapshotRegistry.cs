using Storage.Core.Tree;

namespace Storage.Host.Disk;

/// <summary>
/// The registry for real threads: a reader takes a free slot with one compare-and-swap, usually one that no other thread uses. When all slots are
/// taken, a further block of them is added; blocks stay. Lock-free. Once closed it lets nobody in and tells when the last has left.
/// </summary>
public sealed class SlotSnapshotRegistry : ISnapshotRegistry
{
    private const int SlotsPerBlock = 128;

    // A slot per cache line: threads that read at the same time must not fight for one.
    private const int Stride = 64 / sizeof(long);

    // A slot holds 0 when it is free, else the commit read plus one.
    private long[][] _blocks = [new long[SlotsPerBlock * Stride]];

    // Null while open; completes when it is closed and nobody is left.
    private TaskCompletionSource? _left;

    /// <summary>Lets no more readers in; completes when the last one has left.</summary>
    public Task CloseAsync()
    {
        var fresh = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = Interlocked.CompareExchange(ref _left, fresh, null) ?? fresh;
        // A reader that leaves writes its slot and then looks here, without a fence of its own: either it sees that this is closed, or its free
        // slot is seen below.
        Interlocked.MemoryBarrierProcessWide();
        CompleteIfEmpty(left);
        return left.Task;
    }

    /// <inheritdoc/>
    public int Enter(long txn)
    {
        var start = Environment.CurrentManagedThreadId;
        while (true)
        {
            var blocks = Volatile.Read(ref _blocks);
            for (var b = 0; b < blocks.Length; b++)
                for (var i = 0; i < SlotsPerBlock; i++)
                {
                    var slot = (start + i) & (SlotsPerBlock - 1);
                    ref var value = ref blocks[b][slot * Stride];
                    // A swap is a full fence.
                    if (Volatile.Read(ref value) == 0 && Interlocked.CompareExchange(ref value, txn + 1, 0) == 0)
                        return Admit(b * SlotsPerBlock + slot);
                }
            // Whoever loses this race finds the winner's block on the next turn.
            Interlocked.CompareExchange(ref _blocks, [.. blocks, new long[SlotsPerBlock * Stride]], blocks);
        }
    }

    /// <inheritdoc/>
    public void Exit(int ticket)
    {
        Volatile.Write(ref Volatile.Read(ref _blocks)[ticket / SlotsPerBlock][ticket % SlotsPerBlock * Stride], 0);
        if (Volatile.Read(ref _left) is { } left)
            CompleteIfEmpty(left);
    }

    /// <inheritdoc/>
    public long FindOldest()
    {
        Interlocked.MemoryBarrier();
        var oldest = long.MaxValue;
        foreach (var block in Volatile.Read(ref _blocks))
            for (var i = 0; i < block.Length; i += Stride)
            {
                var value = Volatile.Read(ref block[i]);
                if (value != 0)
                    oldest = Math.Min(oldest, value - 1);
            }
        return oldest;
    }

    /// <summary>Those that are in at this moment.</summary>
    public int Count()
    {
        var count = 0;
        foreach (var block in Volatile.Read(ref _blocks))
            for (var i = 0; i < block.Length; i += Stride)
                count += Volatile.Read(ref block[i]) != 0 ? 1 : 0;
        return count;
    }

    private int Admit(int ticket)
    {
        if (Volatile.Read(ref _left) is null)
            return ticket;
        Exit(ticket);
        throw new TreeClosedException();
    }

    private void CompleteIfEmpty(TaskCompletionSource left)
    {
        if (FindOldest() == long.MaxValue)
            left.TrySetResult();
    }
}
