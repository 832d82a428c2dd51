using System.Buffers;

namespace Storage.Core.Reads;

/// <summary>
/// A response body being written. The first request for space decides the first array exactly, so that an answer of known size is
/// written once into an array of its own; longer ones grow by doubling. Beyond its limit it goes on taking what is written and keeps nothing: a command has
/// to be carried out to its end, whatever becomes of its answer.
/// </summary>
/// <param name="maxBytes">Its limit.</param>
public sealed class BodyBuffer(int maxBytes = BodyBuffer.MaxAnswerBytes) : IBufferWriter<byte>
{
    /// <summary>1 GiB: half of what a gRPC message may have, so that what goes around it fits.</summary>
    public const int MaxAnswerBytes = 1 << 30;

    private byte[] _buffer = [];

    /// <summary>More was written than the limit allows: nothing of it is here.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>What was written; valid as long as nothing more is.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Length);

    public void Advance(int count)
    {
        Invariant.Holds(count >= 0 && count <= _buffer.Length - Length);
        Length += count;
        if (IsTooLarge || Length > maxBytes)
            Drop();
    }

    /// <summary>Keeps nothing from here on: a part of the answer was too large already.</summary>
    public void Drop() => (IsTooLarge, Length) = (true, 0);

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
    public void Clear() => (IsTooLarge, Length) = (false, 0);

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
