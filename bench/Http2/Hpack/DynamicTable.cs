namespace Bench.Http2.Hpack;

/// <summary>The decoder's dynamic table (RFC 7541 §2.3.2): a ring of entries, the newest has the lowest index.</summary>
internal sealed class DynamicTable(int limitBytes)
{
    // An entry is charged at least 32 bytes, so the ring can never hold more than this.
    private readonly HeaderField[] _ring = new HeaderField[(limitBytes / 32) + 1];
    private readonly int _limitBytes = limitBytes;
    private int _newest;
    private int _count;
    private int _bytes;
    private int _maxBytes = limitBytes;

    /// <summary>The entry with <paramref name="index"/> counted from 0 = newest; null when there is none.</summary>
    public HeaderField? At(int index) =>
        (uint)index < (uint)_count ? _ring[(_newest - index + _ring.Length) % _ring.Length] : null;

    /// <summary>Adds an entry and evicts the oldest ones (RFC 7541 §4.4); one that is larger than the table just empties it.</summary>
    public void Add(HeaderField field)
    {
        EvictTo(_maxBytes - field.TableBytes);
        if (field.TableBytes > _maxBytes)
            return;
        _newest = (_newest + 1) % _ring.Length;
        _ring[_newest] = field;
        _count++;
        _bytes += field.TableBytes;
    }

    /// <summary>Applies a size update; false when it exceeds what our SETTINGS allow (RFC 7541 §6.3).</summary>
    public bool TryResize(int maxBytes)
    {
        if (maxBytes > _limitBytes)
            return false;
        _maxBytes = maxBytes;
        EvictTo(maxBytes);
        return true;
    }

    private void EvictTo(int bytes)
    {
        while (_count > 0 && _bytes > bytes)
            _bytes -= _ring[(_newest - --_count + _ring.Length) % _ring.Length].TableBytes;
    }
}
