using System.Buffers.Binary;

namespace Storage.Core.Keys;

/// <summary>The first bytes of a key as a number that orders as they do: most comparisons need no more.</summary>
internal static class KeyHead
{
    /// <summary>Shorter keys are as if zeros followed: equal heads say nothing about their order.</summary>
    public static ulong Of(ReadOnlySpan<byte> key)
    {
        if (key.Length >= sizeof(ulong))
            return BinaryPrimitives.ReadUInt64BigEndian(key);
        ulong head = 0;
        for (var i = 0; i < key.Length; i++)
            head |= (ulong)key[i] << (56 - (8 * i));
        return head;
    }

    /// <summary>The same of four bytes.</summary>
    public static uint Short(ReadOnlySpan<byte> key) =>
        key.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32BigEndian(key) : (uint)(Of(key) >> 32);
}
