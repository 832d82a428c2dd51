namespace Bench.Http2;

/// <summary>Bytes on their way to the socket. Grows to the largest turn of the loop and stays there.</summary>
internal sealed class OutputBuffer
{
    private byte[] _bytes = new byte[64 * 1024];
    private int _from;
    private int _to;

    public bool IsEmpty => _from == _to;

    public ReadOnlySpan<byte> Pending => _bytes.AsSpan(_from, _to - _from);

    /// <summary>Room for at least <paramref name="count"/> bytes; call <see cref="Advance"/> with what was used.</summary>
    public Span<byte> Reserve(int count)
    {
        if (_bytes.Length - _to < count)
        {
            var pending = _to - _from;
            var target = pending + count > _bytes.Length ? new byte[Math.Max(pending + count, 2 * _bytes.Length)] : _bytes;
            _bytes.AsSpan(_from, pending).CopyTo(target);
            (_bytes, _from, _to) = (target, 0, pending);
        }
        return _bytes.AsSpan(_to);
    }

    public void Advance(int count) => _to += count;

    /// <summary>The first <paramref name="count"/> pending bytes are with the kernel.</summary>
    public void Consume(int count)
    {
        _from += count;
        if (_from == _to)
            _from = _to = 0;
    }
}
