namespace Storage.Core.History;

/// <summary>
/// The newest items of a series numbered without gaps, kept in memory: recent revisions, v2 events, lease changes. One owner appends and
/// drops; any thread reads a <see cref="NumberedLogView{T}"/>.
/// </summary>
/// <remarks>
/// Items lie in fixed chunks that are filled once. An append writes behind everything a published view counts, so it copies nothing;
/// dropping works on whole chunks and makes a new chunk list.
/// </remarks>
public sealed class NumberedLog<T>(long firstNumber)
{
    internal const int ChunkShift = 9;
    internal const int ChunkItems = 1 << ChunkShift;

    private T[][] _chunks = [];
    private long[] _chunkBytes = [];
    private int _chunkCount;
    private long _base = firstNumber;
    private long _next = firstNumber;

    /// <summary>Number of the oldest item held; <see cref="Next"/> when there is none.</summary>
    public long First => _base;

    /// <summary>Number that the next item gets.</summary>
    public long Next => _next;

    /// <summary>Weight of all items held.</summary>
    public long Bytes { get; private set; }

    /// <summary>What is held now, for any thread.</summary>
    public NumberedLogView<T> View() => new(_chunks, _base, _next);

    /// <summary>Adds the next item, which weighs <paramref name="bytes"/>.</summary>
    public void Append(T item, int bytes)
    {
        var offset = (int)(_next - _base);
        var chunk = offset >> ChunkShift;
        if (chunk == _chunkCount)
            AddChunk();
        _chunks[chunk][offset & (ChunkItems - 1)] = item;
        _chunkBytes[chunk] += bytes;
        Bytes += bytes;
        _next++;
    }

    /// <summary>Drops the oldest chunks while more than the bounds are held, but nothing at or above <paramref name="keepFrom"/>.</summary>
    public void Trim(long keepFrom, int maxItems, long maxBytes)
    {
        var drop = 0;
        var bytes = Bytes;
        var first = _base;
        while (drop < _chunkCount && first + ChunkItems <= Math.Min(keepFrom, _next) && (_next - first > maxItems || bytes > maxBytes))
        {
            bytes -= _chunkBytes[drop++];
            first += ChunkItems;
        }
        if (drop == 0)
            return;
        // New arrays: views of the old ones stay whole.
        var left = _chunkCount - drop;
        var chunks = new T[_chunks.Length][];
        Array.Copy(_chunks, drop, chunks, 0, left);
        Array.Copy(_chunkBytes, drop, _chunkBytes, 0, left);
        Array.Clear(_chunkBytes, left, _chunkBytes.Length - left);
        (_chunks, _chunkCount, _base, Bytes) = (chunks, left, first, bytes);
    }

    private void AddChunk()
    {
        if (_chunkCount == _chunks.Length)
        {
            // Array.Resize copies, so that a view keeps the list it was given; the chunks themselves are shared.
            Array.Resize(ref _chunks, Math.Max(4, _chunkCount * 2));
            Array.Resize(ref _chunkBytes, _chunks.Length);
        }
        _chunks[_chunkCount++] = new T[ChunkItems];
    }
}

/// <summary>What a <see cref="NumberedLog{T}"/> held at one moment. Any number of threads may read it.</summary>
public readonly struct NumberedLogView<T>
{
    private readonly T[][] _chunks;

    internal NumberedLogView(T[][] chunks, long first, long next) => (_chunks, First, Next) = (chunks, first, next);

    /// <summary>Number of the oldest item held.</summary>
    public long First { get; }

    /// <summary>One more than the number of the newest.</summary>
    public long Next { get; }

    public bool Holds(long number) => number >= First && number < Next;

    /// <summary>An item that <see cref="Holds"/>.</summary>
    public ref readonly T this[long number]
    {
        get
        {
            var offset = (int)(number - First);
            return ref _chunks[offset >> NumberedLog<T>.ChunkShift][offset & (NumberedLog<T>.ChunkItems - 1)];
        }
    }
}
