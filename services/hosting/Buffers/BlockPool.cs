using System.Buffers;
using System.Runtime.InteropServices;

namespace Hosting.Buffers;

/// <summary>
/// The buffers of a server's connections: blocks of 16 KiB, each the one of those free that was used last, so that it is in the processor's cache still.
/// </summary>
/// <remarks>
/// <para>
/// Kestrel's own pool hands blocks of 4 KiB out in turn: under load that is memory that no cache holds any more, and an answer of 32 KiB is sent from nine places.
/// </para>
/// <para>
/// Free blocks lie in a pile for each processor, whose lock hardly anybody else wants; who finds none there takes one of the other piles. What lay unused between two calls of <see cref="Trim"/> is given to
/// the garbage collector by halves. Any thread may call anything.
/// </para>
/// </remarks>
internal sealed class BlockPool : MemoryPool<byte>
{
    /// <summary>What a DATA frame holds by default (RFC 9113 §6.5.2).</summary>
    public const int BlockBytes = 16 * 1024;

    private readonly Pile[] _piles = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(static _ => new Pile())];

    public override int MaxBufferSize => BlockBytes;

    /// <summary>Blocks that nobody has at the moment.</summary>
    public int Free => _piles.Sum(static pile => pile.Count);

    /// <summary>A block. Dispose it once it is not used any more; again is nothing.</summary>
    /// <param name="minBufferSize">Bytes needed; -1: any.</param>
    /// <exception cref="ArgumentOutOfRangeException">More than <see cref="MaxBufferSize"/>.</exception>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        var here = Here;
        for (var i = 0; i < _piles.Length; i++)
            if (_piles[(here + i) % _piles.Length].TryTake() is { } block)
                return block.Out();
        return new Block(this).Out();
    }

    /// <summary>Lets go of half of what nobody needed since the last time.</summary>
    public void Trim()
    {
        foreach (var pile in _piles)
            pile.Trim();
    }

    /// <summary>Nothing: blocks that are still out come back and go with the pool.</summary>
    protected override void Dispose(bool disposing)
    {
    }

    private int Here => Thread.GetCurrentProcessorId() % _piles.Length;

    private sealed class Pile
    {
        private readonly Lock _gate = new();
        private readonly Stack<Block> _free = new();

        // The fewest since the last trim: so many were not needed.
        private int _fewest;

        // Without the gate: one that comes or goes meanwhile is noticed by those who hold it.
        public int Count => _free.Count;

        public Block? TryTake()
        {
            if (Count == 0)
                return null;
            lock (_gate)
            {
                if (!_free.TryPop(out var block))
                    return null;
                _fewest = Math.Min(_fewest, _free.Count);
                return block;
            }
        }

        public void Put(Block block)
        {
            lock (_gate)
                _free.Push(block);
        }

        public void Trim()
        {
            lock (_gate)
            {
                for (var spare = (_fewest + 1) / 2; spare > 0; spare--)
                    _free.Pop();
                _fewest = _free.Count;
                _free.TrimExcess();
            }
        }
    }

    // Pinned, so that the collector never moves what the system reads or writes.
    private sealed class Block(BlockPool pool) : IMemoryOwner<byte>
    {
        private int _isOut;

        public Memory<byte> Memory { get; } = MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true), 0, BlockBytes);

        public Block Out()
        {
            Volatile.Write(ref _isOut, 1);
            return this;
        }

        public void Dispose()
        {
            // A block in two hands would mix up what two clients are sent.
            if (Interlocked.Exchange(ref _isOut, 0) == 1)
                pool._piles[pool.Here].Put(this);
        }
    }
}
