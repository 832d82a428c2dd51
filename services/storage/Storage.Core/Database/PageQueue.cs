using Storage.Core.Bolt;

namespace Storage.Core.Database;

/// <summary>Pages that are written and not yet sent. Holds what one row takes, and one piece.</summary>
internal sealed class PageQueue : IPageOutput
{
    private byte[] _buffer = new byte[1024 * 1024];
    private int _start, _end;

    public int Count => _end - _start;

    public Span<byte> Take(int bytes)
    {
        if (bytes > _buffer.Length - _end)
            MakeRoom(bytes);
        var taken = _buffer.AsSpan(_end, bytes);
        taken.Clear();
        _end += bytes;
        return taken;
    }

    /// <summary>The oldest bytes, at most so many; valid until the next <see cref="Take"/>.</summary>
    public ReadOnlyMemory<byte> Remove(int maxBytes)
    {
        var removed = _buffer.AsMemory(_start, Math.Min(maxBytes, Count));
        _start += removed.Length;
        return removed;
    }

    private void MakeRoom(int bytes)
    {
        var kept = _buffer.AsSpan(_start, Count);
        var target = kept.Length + (long)bytes <= _buffer.Length ? _buffer : new byte[kept.Length + bytes];
        kept.CopyTo(target);
        (_end, _start, _buffer) = (kept.Length, 0, target);
    }
}
