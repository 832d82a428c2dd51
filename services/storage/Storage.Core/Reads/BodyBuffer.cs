using System.Buffers;

namespace Storage.Core.Reads;

/// <summary>
/// A response body being written. The first request for space decides the first array exactly, so that an answer of known size is
/// written once into an array of its own; longer ones grow by doubling.
/// </summary>
public sealed class BodyBuffer : IBufferWriter<byte>
{
    private byte[] _buffer = [];

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>What was written; valid as long as nothing more is.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Length);

    public void Advance(int count)
    {
        Invariant.Holds(count >= 0 && count <= _buffer.Length - Length);
        Length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsSpan(Length);
    }

    /// <summary>Starts again, keeping the array.</summary>
    public void Clear() => Length = 0;

    private void Reserve(int size)
    {
        size = Math.Max(size, 1);
        if (size <= _buffer.Length - Length)
            return;
        var needed = checked(Length + size);
        var grown = Length == 0 ? needed : (int)Math.Min(Array.MaxLength, Math.Max(needed, 2L * _buffer.Length));
        var larger = GC.AllocateUninitializedArray<byte>(Math.Max(needed, grown));
        _buffer.AsSpan(0, Length).CopyTo(larger);
        _buffer = larger;
    }
}
